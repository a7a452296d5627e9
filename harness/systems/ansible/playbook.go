package ansible

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// A Playbook is one run of ansible-playbook. It is a [harness.Runbook] of one step.
type Playbook struct {
	Control   string            // the node that ansible-playbook runs on; required
	File      string            // the playbook on that node; required
	Limit     string            // hosts or groups, as for --limit; "" means every host the playbook names
	Tags      []string          // only tasks with one of these; none means all
	SkipTags  []string          // no tasks with one of these
	Variables map[string]string // extra variables
	Title     string            // in reports; "" means "ansible: " and what is played
}

// Name names the run in reports.
func (p Playbook) Name() string { return cmp.Or(p.Title, "ansible: "+p.describe()) }

// Steps are the one step there is: the run.
func (p Playbook) Steps() []harness.Step {
	return []harness.Step{{Name: p.describe(), Do: func(ctx context.Context, operator harness.Operator) error {
		_, err := Play(ctx, operator, p)
		return err
	}}}
}

// describe says what is played in a few words, such as "play site.yml on blog-1 without full-install".
func (p Playbook) describe() string {
	text := "play " + path.Base(p.File)
	if p.Limit != "" {
		text += " on " + p.Limit
	}
	if len(p.Tags) > 0 {
		text += ", only " + strings.Join(p.Tags, ", ")
	}
	if len(p.SkipTags) > 0 {
		text += " without " + strings.Join(p.SkipTags, ", ")
	}
	return text
}

func (p Playbook) validate() error {
	switch {
	case p.Control == "":
		return errors.New("no control node is given")
	case p.File == "":
		return errors.New("no playbook is given")
	}
	return nil
}

// argv is the command, which leaves its report in the named file.
func (p Playbook) argv(report string) ([]string, error) {
	argv := []string{
		"env", "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "ANSIBLE_CALLBACK_PLUGINS=" + folder, reportVariable + "=" + report,
		"ansible-playbook",
	}
	if p.Limit != "" {
		argv = append(argv, "--limit", p.Limit)
	}
	if len(p.Tags) > 0 {
		argv = append(argv, "--tags", strings.Join(p.Tags, ","))
	}
	if len(p.SkipTags) > 0 {
		argv = append(argv, "--skip-tags", strings.Join(p.SkipTags, ","))
	}
	if len(p.Variables) > 0 {
		variables, err := json.Marshal(p.Variables)
		if err != nil {
			return nil, fmt.Errorf("pass the variables on: %w", err)
		}
		argv = append(argv, "--extra-vars", string(variables))
	}
	return append(argv, p.File), nil
}
