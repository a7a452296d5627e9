package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// roleVariable has the test's own program play a part in a tree of processes instead of running tests.
const roleVariable = "REPRISE_TEST_ROLE"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervise.Command {
		if err := Supervise(context.Background(), os.Args[2:]); err != nil {
			panic(err)
		}
	}
	switch os.Getenv(roleVariable) {
	case "command":
		playCommand()
	case "suite":
		playSuite()
	}
	os.Exit(m.Run())
}

// note writes the number of a process into the folder of the test.
func note(name string, process int) {
	folder := os.Getenv("REPRISE_TEST_FOLDER")
	temporary := filepath.Join(folder, "."+name)
	if os.WriteFile(temporary, []byte(strconv.Itoa(process)), 0o600) != nil ||
		os.Rename(temporary, filepath.Join(folder, name)) != nil {
		os.Exit(3)
	}
}

// playCommand is `reprise chaos`: it has a runner run a suite.
func playCommand() {
	if err := BecomeSupervisor(); err != nil {
		panic(err)
	}
	note("command", os.Getpid())
	signals, stop := interrupts()
	defer stop()
	compiled, remove, err := supervise.MakeTemporary()
	if err != nil {
		panic(err)
	}
	process := suiteProcess{
		path: os.Getenv("REPRISE_TEST_RUNNER"), folder: os.Getenv("REPRISE_TEST_FOLDER"), out: os.Stdout, grace: 2 * time.Second,
		environment: []string{roleVariable + "=suite"}, orphans: []string{"--compiled=" + compiled},
	}
	_, err = process.run(signals)
	fmt.Println(err, remove())
	os.Exit(0)
}

// playSuite is a suite that has something built: it ends at an interrupt, as Ginkgo does wherever it was started, and else never.
func playSuite() {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	supervise.InterruptOrphan()
	build := exec.Command("sh", "-c", `echo $$ > "$REPRISE_TEST_FOLDER/build.new"; mv "$REPRISE_TEST_FOLDER/build.new" `+
		`"$REPRISE_TEST_FOLDER/build"; mktemp >/dev/null; sleep 3600 & echo $! > "$REPRISE_TEST_FOLDER/compiler.new"; mv `+
		`"$REPRISE_TEST_FOLDER/compiler.new" "$REPRISE_TEST_FOLDER/compiler"; wait`)
	temporary, err := supervise.TemporaryFolder()
	if err != nil {
		panic(err)
	}
	process, err := supervise.Start(build, supervise.Options{Temporary: temporary})
	if err != nil {
		panic(err)
	}
	note("suite", os.Getpid())
	go func() { _ = process.WaitOrStop(context.Background()) }()
	<-interrupted
	os.Exit(1)
}

// runnerScript is the runner: it notes its supervisor and itself, and runs the suite as a child.
const runnerScript = `
for pair in "supervisor $PPID" "runner $$"; do
  set -- $pair
  echo "$2" > "$REPRISE_TEST_FOLDER/$1.new"; mv "$REPRISE_TEST_FOLDER/$1.new" "$REPRISE_TEST_FOLDER/$1"
done
"$REPRISE_TEST_PROGRAM"
echo "the suite ended"
`

// A processTree is a command, its supervisor, its runner, its suite, and what the suite builds with.
type processTree struct {
	cache     string
	processes map[string]*os.Process // by handles: a number comes again
	command   *exec.Cmd
}

// startTree starts one with the script of a runner.
func startTree(t *testing.T, runner string) processTree {
	t.Helper()
	folder, cache := t.TempDir(), t.TempDir()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), roleVariable+"=command", "REPRISE_TEST_FOLDER="+folder, "REPRISE_TEST_PROGRAM="+os.Args[0],
		"REPRISE_TEST_RUNNER="+runner, "XDG_CACHE_HOME="+cache)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	testkit.Must(t, command.Start())
	grown := processTree{cache: cache, processes: map[string]*os.Process{}, command: command}
	t.Cleanup(func() {
		for _, process := range grown.processes {
			_ = process.Kill()
		}
		_ = command.Wait()
	})
	within(t, 2*time.Minute, func() (missing []string) {
		for _, name := range []string{"command", "supervisor", "runner", "suite", "build", "compiler"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			number, numberErr := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil || numberErr != nil {
				missing = append(missing, name+" to start")
				continue
			}
			if grown.processes[name] == nil {
				grown.processes[name], _ = os.FindProcess(number) // a process that has ended is found too
			}
		}
		return missing
	})
	return grown
}

// within fails the test when something is still missing after the limit.
func within(t *testing.T, limit time.Duration, look func() (missing []string)) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		missing := look()
		if len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %q", limit, missing)
		}
	}
}

// left are the processes of the tree that still run and the temporary files it has left.
func (g processTree) left() []string {
	var names []string
	for name, process := range g.processes {
		if process.Signal(syscall.Signal(0)) == nil && running(process.Pid) {
			names = append(names, name)
		}
	}
	temporary, _ := filepath.Glob(filepath.Join(g.cache, "reprise", "build", "temporary-*"))
	return append(names, temporary...)
}

// cleanCache removes temporary files that nobody uses, as `make clean` does.
func (g processTree) cleanCache() {
	temporary, _ := filepath.Glob(filepath.Join(g.cache, "reprise", "build", "temporary-*"))
	for _, folder := range temporary {
		_, _ = supervise.RemoveUnused(folder)
	}
}

// Goal: whichever process of a run is killed, and when the run is interrupted once, too often, or its terminal goes,
// every other process ends too and no temporary file stays. Method: a real tree of processes: command, supervisor,
// runner, suite, a program that builds and one that this has started; one of them is struck, then all are looked for.
func TestProcessTreeEndsTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a tree of processes ten times")
	}
	// Written before anything is started: a program that is written while another one starts may be busy.
	runner := script(t, runnerScript)
	for _, test := range []struct {
		name    string
		victims []string
		signals []syscall.Signal
	}{
		{"the command is killed", []string{"command"}, []syscall.Signal{syscall.SIGKILL}},
		{"the supervisor is killed", []string{"supervisor"}, []syscall.Signal{syscall.SIGKILL}},
		{"the runner is killed", []string{"runner"}, []syscall.Signal{syscall.SIGKILL}},
		{"the suite is killed", []string{"suite"}, []syscall.Signal{syscall.SIGKILL}},
		{"command and supervisor are killed", []string{"command", "supervisor"}, []syscall.Signal{syscall.SIGKILL}},
		{"command and runner are killed", []string{"command", "runner"}, []syscall.Signal{syscall.SIGKILL}},
		{"one interrupt", []string{"command"}, []syscall.Signal{syscall.SIGINT}},
		{"two interrupts", []string{"command"}, []syscall.Signal{syscall.SIGINT, syscall.SIGINT}},
		{"the terminal goes", []string{"command"}, []syscall.Signal{syscall.SIGHUP}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			grown := startTree(t, runner)
			if left := grown.left(); len(left) < 6 {
				t.Fatalf("only %v run", left)
			}
			for _, signal := range test.signals {
				for _, victim := range test.victims {
					testkit.Must(t, grown.processes[victim].Signal(signal))
				}
				time.Sleep(100 * time.Millisecond)
			}
			if test.victims[0] == "command" {
				_ = grown.command.Wait() // or it stays as a zombie
			}
			within(t, time.Minute, func() []string {
				if len(test.victims) > 1 {
					grown.cleanCache() // nobody was left to do it
				}
				return grown.left()
			})
		})
	}
}
