package ansible

import (
	"context"
	"crypto/rand"
	_ "embed" // the plugin
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/reprise-dr/reprise/harness"
)

// Where the plugin and its reports are on a control node, and what tells the plugin.
const (
	folder         = "/run/reprise/ansible"
	reportVariable = "REPRISE_REPORT"
)

//go:embed reprise_report.py
var plugin []byte

// Play runs the playbook to its end and says what it did. A task that failed, a host that could not be
// reached (both are a [TaskError] each) and a run that has touched no host at all are errors; the stats
// are those of the run in any case that left some.
func Play(ctx context.Context, operator harness.Operator, playbook Playbook) (Stats, error) {
	stats, err := play(ctx, operator, playbook)
	if err != nil {
		return stats, fmt.Errorf("%s: %w", playbook.describe(), err)
	}
	return stats, nil
}

func play(ctx context.Context, operator harness.Operator, playbook Playbook) (Stats, error) {
	if err := playbook.validate(); err != nil {
		return Stats{}, err
	}
	file := path.Join(folder, rand.Text()+".json")
	argv, err := playbook.argv(file)
	if err != nil {
		return Stats{}, err
	}
	reporter := harness.File{Path: path.Join(folder, "reprise_report.py"), Data: plugin}
	if err := operator.WriteFile(ctx, playbook.Control, reporter); err != nil {
		return Stats{}, fmt.Errorf("install the report plugin: %w", err)
	}
	_, ran := operator.Exec(ctx, playbook.Control, argv...)
	var exit *harness.CommandError
	if ran != nil && !errors.As(ran, &exit) {
		return Stats{}, ran
	}
	made, err := readReport(ctx, operator, playbook.Control, file)
	if errors.Is(err, fs.ErrNotExist) && ran != nil {
		return Stats{}, ran // it ended before it played anything, and has printed why
	}
	if err != nil {
		return Stats{}, harness.JoinErrors(ran, err)
	}
	return made.stats(), made.judge(ran)
}

// readReport reads and removes what the plugin has written.
func readReport(ctx context.Context, operator harness.Operator, control, file string) (report, error) {
	text, err := operator.ReadFile(ctx, control, file)
	if err != nil {
		return report{}, fmt.Errorf("read the report: %w", err)
	}
	var made report
	if err := json.Unmarshal(text, &made); err != nil {
		return report{}, fmt.Errorf("read the report: %w", err)
	}
	if err := operator.RemoveFile(ctx, control, file); err != nil {
		return report{}, fmt.Errorf("remove the report: %w", err)
	}
	return made, nil
}
