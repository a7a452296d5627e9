package survive

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
)

// cellVariable is in the environment of every process of a run that is to be broken off, and so tells them from all others.
const cellVariable = "REPRISE_SURVIVAL_CELL"

// A treeProcess is a process of such a run.
type treeProcess struct {
	pid       int
	name      string // as the kernel knows it
	arguments []string
}

func (p treeProcess) String() string {
	return fmt.Sprintf("%s (pid %d: %.120s)", p.name, p.pid, strings.Join(p.arguments, " "))
}

// treeOf are the processes below a /proc whose environment says that they belong to the cell's run.
func treeOf(proc, cell string) ([]treeProcess, error) {
	folders, err := filepath.Glob(filepath.Join(proc, "[0-9]*"))
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	wanted := []byte(cellVariable + "=" + cell)
	var tree []treeProcess
	for _, folder := range folders {
		environment, err := os.ReadFile(filepath.Join(folder, "environ"))
		if err != nil || !slices.ContainsFunc(bytes.Split(environment, []byte{0}),
			func(one []byte) bool { return bytes.Equal(one, wanted) }) {
			continue // it has ended, it is somebody else's, or it is dead and not buried yet: then it has no environment
		}
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(folder, "comm"))
		arguments, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
		tree = append(tree, treeProcess{
			pid: pid, name: strings.TrimSpace(string(name)), arguments: strings.Split(strings.TrimRight(string(arguments), "\x00"),
				"\x00"),
		})
	}
	return tree, nil
}

// supervisor tells whether the process is this program that watches over one of the others.
func (p treeProcess) supervisor() bool {
	return len(p.arguments) > 1 && p.arguments[1] == supervise.Command
}

// suite tells whether the process is a suite at work. One that only counts its specs is not.
func (p treeProcess) suite() bool {
	counts := func(argument string) bool { return strings.Contains(argument, "dry-run") }
	return p.name == "survival.test" && !slices.ContainsFunc(p.arguments, counts)
}

// build tells whether the process compiles what goes into the drill's image.
func (p treeProcess) build() bool {
	return p.name == "go" && len(p.arguments) > 1 && p.arguments[1] == "build" &&
		slices.ContainsFunc(p.arguments, func(argument string) bool {
			return filepath.Base(argument) == "store"
		})
}

// kill sends SIGKILL to the youngest of the processes that are meant. When there is none it has ended already (errTooLate), and
// nothing was proved.
func kill(tree []treeProcess, meant func(treeProcess) bool) error {
	tree = slices.DeleteFunc(slices.Clone(tree), func(process treeProcess) bool { return !meant(process) })
	if len(tree) == 0 {
		return errTooLate
	}
	youngest := slices.MaxFunc(tree, func(a, b treeProcess) int { return a.pid - b.pid })
	err := syscall.Kill(youngest.pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return errTooLate
	}
	if err != nil {
		return fmt.Errorf("kill %s: %w", youngest, err)
	}
	return nil
}

// killTree ends all processes of a run at once: they are stopped first, so that none sees another one end.
func killTree(proc, cell string) error {
	for range 3 { // a process may have started another one meanwhile
		tree, err := treeOf(proc, cell)
		if err != nil {
			return err
		}
		for _, process := range tree {
			_ = syscall.Kill(process.pid, syscall.SIGSTOP) // it may have ended
		}
	}
	tree, err := treeOf(proc, cell)
	if err != nil {
		return err
	}
	for _, process := range tree {
		_ = syscall.Kill(process.pid, syscall.SIGKILL)
	}
	return nil
}
