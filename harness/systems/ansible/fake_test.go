package ansible

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A controlNode is where ansible-playbook runs: what is written to it is kept, and a run is a function
// that gets the command and leaves its report.
type controlNode struct {
	harness.Operator // what a play must not call panics
	files            map[string][]byte
	ran              [][]string
	run              func(argv []string) error
}

// recorded replays a run of ansible-core 2.14: the report it left (none for "") and how it ended.
func recorded(t *testing.T, reportFile string, exitCode int, printed string) *controlNode {
	t.Helper()
	node := &controlNode{files: map[string][]byte{}}
	node.run = func(argv []string) error {
		if reportFile != "" {
			node.files[reportPath(argv)] = testdata(t, reportFile)
		}
		if exitCode == 0 {
			return nil
		}
		return &harness.CommandError{Node: "control-1", Argv: argv, ExitCode: exitCode, Output: printed}
	}
	return node
}

// real runs the ansible-playbook of this machine on the playbooks in testdata.
func real(t *testing.T) *controlNode {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("there is no ansible-playbook here: only recorded runs are tested")
	}
	here := t.TempDir()
	node := &controlNode{files: map[string][]byte{}}
	node.run = func(argv []string) error {
		for path, data := range node.files {
			if err := os.WriteFile(filepath.Join(here, filepath.Base(path)), data, 0o600); err != nil {
				return err
			}
		}
		report := reportPath(argv)
		command := exec.CommandContext(t.Context(), argv[0],
			strings.Split(strings.ReplaceAll(strings.Join(argv[1:], "\n"), folder, here), "\n")...)
		command.Env = append(os.Environ(), "ANSIBLE_INVENTORY=testdata/inventory", "PYTHONDONTWRITEBYTECODE=1")
		printed, err := command.CombinedOutput()
		if made, readErr := os.ReadFile(filepath.Join(here, filepath.Base(report))); readErr == nil {
			node.files[report] = made
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return &harness.CommandError{Node: "control-1", Argv: argv, ExitCode: exit.ExitCode(), Output: string(printed)}
		}
		return err
	}
	return node
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	testkit.Must(t, err)
	return data
}

// reportPath is the file that the command was told to report to.
func reportPath(argv []string) string {
	for _, argument := range argv {
		if path, ok := strings.CutPrefix(argument, reportVariable+"="); ok {
			return path
		}
	}
	return ""
}

func (n *controlNode) WriteFile(_ context.Context, _ string, file harness.File) error {
	n.files[file.Path] = file.Data
	return nil
}

func (n *controlNode) ReadFile(_ context.Context, _, path string) ([]byte, error) {
	if data, ok := n.files[path]; ok {
		return data, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (n *controlNode) RemoveFile(_ context.Context, _, path string) error {
	delete(n.files, path)
	return nil
}

func (n *controlNode) Exec(_ context.Context, _ string, argv ...string) ([]byte, error) {
	n.ran = append(n.ran, argv)
	return nil, n.run(argv)
}
