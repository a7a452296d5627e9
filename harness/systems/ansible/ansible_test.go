package ansible

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A run is one play, how it was recorded, and what is to be said of it.
type run struct {
	file     string
	limit    string
	report   string // in testdata; "" when none was left
	exitCode int
	printed  string // in testdata: what it printed, where that matters

	hosts   map[string]HostStats
	changes []Change
	errors  []string // parts of the error
}

var (
	wrote   = HostStats{OK: 2, Changed: 1, Skipped: 1}
	rescued = HostStats{OK: 2, Changed: 1, Failed: 1, Rescued: 1, Ignored: 1}
)

var runs = map[string]run{
	"changed": {
		file: "site.yml", report: "changed.json",
		hosts:   map[string]HostStats{"blog-1": wrote, "spare-1": wrote},
		changes: []Change{{"write the configuration", "blog-1"}, {"write the configuration", "spare-1"}},
	},
	"failing": {
		file: "failing.yml", report: "failing.json", exitCode: 2,
		hosts:   map[string]HostStats{"blog-1": rescued, "spare-1": {OK: 2, Changed: 1, Failed: 1, Skipped: 1, Rescued: 1, Ignored: 1}},
		changes: []Change{{"try what may fail", "blog-1"}, {"try what may fail", "spare-1"}},
		errors: []string{
			`play failing.yml: task "install k3s" failed on blog-1: non-zero return code: curl says no | (22) 404; `,
			`; task "fetch the images" failed on spare-1: item pause: Request failed: `,
		},
	},
	"crashing": {
		file: "crashing.yml", report: "crashing.json", exitCode: 2,
		hosts:  map[string]HostStats{"blog-1": {Failed: 1}},
		errors: []string{`task "ask it" failed on blog-1: The module failed to execute correctly, `, `/no/such/python: not found`},
	},
	"unreachable": {
		file: "unreachable.yml", report: "unreachable.json", exitCode: 4,
		hosts:  map[string]HostStats{"dark-1": {Unreachable: 1}},
		errors: []string{`play unreachable.yml: task "reach it" could not reach dark-1: Failed to connect to the host via ssh`},
	},
	"no host matched": {
		file: "nobody.yml", report: "nobody.json", hosts: map[string]HostStats{},
		errors: []string{"play nobody.yml: it has touched no host"},
	},
	"no host within the limit": {
		file: "site.yml", limit: "nobody", exitCode: 1, printed: "limited.txt",
		errors: []string{"play site.yml on nobody: control-1: ", "exited with 1", "no hosts to target"},
	},
	"syntax error": {
		file: "broken.yml", exitCode: 4, printed: "broken.txt",
		errors: []string{"play broken.yml: control-1: ", "exited with 4", "couldn't resolve module/action 'no_such_module'"},
	},
}

func (r run) expect(t *testing.T, stats Stats, err error) {
	t.Helper()
	slices.SortFunc(stats.Changes, func(a, b Change) int { return cmp.Compare(a.Host, b.Host) }) // hosts work side by side
	if !maps.Equal(stats.Hosts, r.hosts) || !slices.Equal(stats.Changes, r.changes) {
		t.Errorf("got %+v, want %+v and %v", stats, r.hosts, r.changes)
	}
	if (err != nil) != (len(r.errors) > 0) {
		t.Errorf("got the error %v, want %q", err, r.errors)
	}
	for _, want := range r.errors {
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got the error %q, want something about %q", err, want)
		}
	}
	for _, counts := range []string{"try what may fail", "take the first way"} {
		if err != nil && strings.Contains(err.Error(), counts) {
			t.Errorf("%q did not end the run: %v", counts, err)
		}
	}
}

// Goal: whatever becomes of a run, its stats and its error say it, and nothing but the plugin is left
// on the control node. Method: replay what ansible-core 2.14 reported.
func TestPlayRecorded(t *testing.T) {
	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			printed := ""
			if r.printed != "" {
				printed = string(testdata(t, r.printed))
			}
			node := recorded(t, r.report, r.exitCode, printed)
			stats, err := Play(t.Context(), node, Playbook{Control: "control-1", File: "/etc/ansible/" + r.file, Limit: r.limit})
			r.expect(t, stats, err)
			if len(node.files) != 1 {
				t.Errorf("left on the control node: %v", slices.Collect(maps.Keys(node.files)))
			}
		})
	}
}

// Goal: the plugin reports what the recordings say it does. Method: the same runs with the
// ansible-playbook of this machine, if there is one; then the first once more, which changes nothing.
func TestPlayReal(t *testing.T) {
	node := real(t)
	variables := map[string]string{"folder": t.TempDir()}
	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			stats, err := Play(t.Context(), node, Playbook{
				Control: "control-1", File: "testdata/" + r.file, Limit: r.limit,
				Variables: variables,
			})
			r.expect(t, stats, err)
		})
	}
	stats, err := Play(t.Context(), node, Playbook{Control: "control-1", File: "testdata/site.yml", Variables: variables})
	if err := errors.Join(err, stats.Unchanged()); err != nil || stats.Hosts["blog-1"].OK != 2 {
		t.Errorf("the replay: %+v, %v", stats, err)
	}
}

// Goal: a replay that changes something says what. Method: the recordings of a first run, of its
// replay, and of a recap that knows of more than the report.
func TestUnchanged(t *testing.T) {
	for file, want := range map[string]string{"changed.json": `"write the configuration" on blog-1`, "replayed.json": ""} {
		stats, err := Play(t.Context(), recorded(t, file, 0, ""), Playbook{Control: "control-1", File: "site.yml"})
		testkit.Must(t, err)
		if err := stats.Unchanged(); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	testkit.Expect(t, (Stats{Hosts: map[string]HostStats{"blog-1": {Changed: 1}}}).Unchanged(), "1 times")
}

// Goal: a failure that the report does not name is a failure still, and so is one of which the command
// says nothing. Method: reports that contradict themselves or the exit code, and none at all.
func TestPlayBelievesNoGoodNewsAlone(t *testing.T) {
	for want, c := range map[string]struct {
		report   string
		exitCode int
	}{
		"counts 1 failures on blog-1":       {`{"hosts": {"blog-1": {"failures": 1}}}`, 0},
		"exited with 250":                   {`{"hosts": {"blog-1": {"ok": 1}}}`, 250},
		"exited with 99":                    {`{`, 99},
		"unexpected end of JSON":            {`{`, 0},
		"read the report: open /run/repris": {``, 0},
	} {
		node := &controlNode{files: map[string][]byte{}}
		node.run = func(argv []string) error {
			if c.report != "" {
				node.files[reportPath(argv)] = []byte(c.report)
			}
			if c.exitCode != 0 {
				return &harness.CommandError{Node: "control-1", Argv: argv, ExitCode: c.exitCode}
			}
			return nil
		}
		_, err := Play(t.Context(), node, Playbook{Control: "control-1", File: "site.yml"})
		testkit.Expect(t, err, want)
	}
	lost := &controlNode{files: map[string][]byte{}, run: func([]string) error { return context.DeadlineExceeded }}
	if _, err := Play(t.Context(), lost, Playbook{Control: "control-1", File: "site.yml"}); !errors.Is(err,
		context.DeadlineExceeded) {
		t.Errorf("a command that could not be run: %v", err)
	}
}

// Goal: every failed task can be told apart by programs. Method: the recorded failures.
func TestTaskErrors(t *testing.T) {
	_, err := Play(t.Context(), recorded(t, "failing.json", 2, ""), Playbook{Control: "control-1", File: "failing.yml"})
	var task *TaskError
	if !errors.As(err, &task) || task.Task != "install k3s" || task.Host != "blog-1" || task.Unreachable {
		t.Errorf("found %+v in %v", task, err)
	}
}

// Goal: the options become those of ansible-playbook, and the runbook says in words what it plays.
// Method: a playbook with all of them and one with none.
func TestPlaybook(t *testing.T) {
	all := Playbook{
		Control: "control-1", File: "/etc/ansible/site.yml", Limit: "blog-1", Tags: []string{"k3s", "blog"},
		SkipTags:  []string{"full-install", "dns"},
		Variables: map[string]string{"version": `"1"`, "a": "b c"},
	}
	node := recorded(t, "replayed.json", 0, "")
	steps := all.Steps()
	if len(steps) != 1 || steps[0].Name != "play site.yml on blog-1, only k3s, blog without full-install, dns" {
		t.Fatalf("the steps are %+v", steps)
	}
	testkit.Must(t, steps[0].Do(t.Context(), node))
	argv := node.ran[0]
	want := []string{
		"ansible-playbook", "--limit", "blog-1", "--tags", "k3s,blog", "--skip-tags", "full-install,dns",
		"--extra-vars", `{"a":"b c","version":"\"1\""}`, "/etc/ansible/site.yml",
	}
	if got := argv[slices.Index(argv, "ansible-playbook"):]; !reflect.DeepEqual(got, want) {
		t.Errorf("ran %q, want %q", got, want)
	}
	for playbook, name := range map[*Playbook]string{
		&all:                      "ansible: play site.yml on blog-1, only k3s, blog without full-install, dns",
		{File: "/x/site.yml"}:     "ansible: play site.yml",
		{Title: "ansible: again"}: "ansible: again",
	} {
		if got := playbook.Name(); got != name {
			t.Errorf("the name is %q, want %q", got, name)
		}
	}
}

// Goal: a play without a place to run or anything to play is refused before it runs. Method: one of each.
func TestPlayRefuses(t *testing.T) {
	for want, playbook := range map[string]Playbook{"no control node": {File: "site.yml"}, "no playbook": {Control: "control-1"}} {
		node := recorded(t, "changed.json", 0, "")
		if _, err := Play(t.Context(), node, playbook); err == nil || !strings.Contains(err.Error(), want) || len(node.ran) > 0 {
			t.Errorf("%+v: %v after %d runs, want %q", playbook, err, len(node.ran), want)
		}
	}
}
