package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// ProgramVariable names the program that supervises, which is the reprise command. Without it programs are
// started directly: they end when they are told to, and not when their starter is killed.
const ProgramVariable = "REPRISE_SUPERVISOR"

// Command is the subcommand of that program that calls [Run].
const Command = "supervise"

// Options say how a program ends when its starter, or its supervisor, is gone. The zero Options kill it at once.
type Options struct {
	// Grace is for a program that watches its starter itself, see [ParentGone], and then needs time to end: it has that
	// long before it is killed. What is left of its group when the program is gone is interrupted, and has as long.
	Grace time.Duration
	// Temporary is made before the program starts, is where it and its children put temporary files, and is
	// removed after them. "" changes nothing.
	Temporary string
	// Inherited are open files that the program and its children hold too, such as a lock; from descriptor 4 on.
	Inherited []*os.File
	// Arguments are further ones for the supervisor, which the caller of [Run] understands.
	Arguments []string
}

// A Process is a program at work, with all it has started as one process group.
type Process struct {
	command     *exec.Cmd
	options     Options
	lifeline    *os.File // its closing tells the supervisor that nobody waits any more
	interrupted atomic.Bool
	copied      chan struct{} // closed when all output has been written; nil when it needs no copying
}

// Start starts the command under a supervisor. The caller has to call Wait.
func Start(command *exec.Cmd, options Options) (*Process, error) {
	watched, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Args[0], err)
	}
	defer watched.Close()
	p := &Process{command: command, options: options, lifeline: lifeline}
	command.ExtraFiles = append([]*os.File{watched}, options.Inherited...)
	if options.Temporary != "" {
		used, err := HoldFolder(options.Temporary)
		if err != nil {
			return nil, errors.Join(err, lifeline.Close())
		}
		defer used.Close()
		command.ExtraFiles = append(command.ExtraFiles, used)
	}
	// A group of its own makes the children reachable, and keeps a Ctrl-C at the terminal from reaching them
	// before the harness has decided what to do.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	prepare(command, options)
	written, err := p.copyOutput()
	if err != nil {
		return nil, errors.Join(err, lifeline.Close())
	}
	err = command.Start()
	if written != nil {
		err = errors.Join(err, written.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", command.Args[0], err), lifeline.Close(), p.removeTemporary())
	}
	return p, nil
}

// prepare puts the supervisor in front of the program, where there is one.
func prepare(command *exec.Cmd, options Options) {
	if command.Env == nil {
		command.Env = os.Environ()
	}
	if options.Temporary != "" {
		command.Env = append(command.Env, "TMPDIR="+options.Temporary, "GOTMPDIR="+options.Temporary)
	}
	supervisor := os.Getenv(ProgramVariable)
	if supervisor == "" || command.Err != nil {
		return
	}
	command.Env = append(command.Env, lifelineVariable+"="+strconv.Itoa(lifelineDescriptor))
	arguments := []string{"reprise", Command, "--grace=" + options.Grace.String(), "--temporary=" + options.Temporary}
	arguments = append(arguments, options.Arguments...)
	command.Args = append(append(arguments, "--", command.Path), command.Args[1:]...)
	command.Path = supervisor
}

// HoldFolder makes a folder and locks it for [RemoveUnused]: whoever inherits the file uses the folder.
func HoldFolder(path string) (*os.File, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder %s: %w", path, err)
	}
	folder, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder %s: %w", path, err)
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_SH); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), folder.Close())
	}
	return folder, nil
}

// RemoveUnused removes a folder unless somebody holds it: who called [HoldFolder], or a program that was started with
// it for temporary files, or anything that one has started. removed tells.
func RemoveUnused(path string) (removed bool, err error) {
	folder, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at what was left: %w", err)
	}
	defer folder.Close()
	switch err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := os.RemoveAll(path); err != nil {
		return false, fmt.Errorf("remove what was left: %w", err)
	}
	return true, nil
}

// copyOutput gives the command a pipe in the place of a writer, so that waiting for the command does not mean to
// wait for everybody who has inherited its output.
func (p *Process) copyOutput() (written *os.File, err error) {
	to := p.command.Stdout
	if _, isFile := to.(*os.File); isFile || to == nil {
		return nil, nil
	}
	read, written, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.command.Args[0], err)
	}
	if p.command.Stderr == p.command.Stdout {
		p.command.Stderr = written
	}
	p.command.Stdout = written
	p.copied = make(chan struct{})
	go func() {
		defer close(p.copied)
		_, _ = io.Copy(to, read) // a writer that fails loses the output and nothing else
		_ = read.Close()
	}()
	return written, nil
}

// Signal sends a signal to the program and all it has started.
func (p *Process) Signal(signal syscall.Signal) error {
	if signal == syscall.SIGINT {
		p.interrupted.Store(true)
	}
	if err := syscall.Kill(-p.command.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s: %w", p.command.Args[0], err)
	}
	return nil
}

// Wait waits for the program to end, as [exec.Cmd.Wait] does. Afterwards nothing that it has started in its group
// is left, whatever became of the supervisor, and its temporary files are gone.
func (p *Process) Wait() error {
	err := p.command.Wait()
	group{leader: p.command.Process.Pid, spared: []int{p.command.Process.Pid}}.end(p.options.Grace, p.interrupted.Load())
	_ = p.lifeline.Close()
	if p.copied != nil {
		<-p.copied
	}
	return errors.Join(err, p.removeTemporary())
}

func (p *Process) removeTemporary() error {
	if p.options.Temporary == "" {
		return nil
	}
	if err := os.RemoveAll(p.options.Temporary); err != nil {
		return fmt.Errorf("remove temporary files: %w", err)
	}
	return nil
}

// stopGrace is how long a program may take from SIGTERM to its end before it is killed.
const stopGrace = 10 * time.Second

// WaitOrStop is Wait that asks the program and all it has started to end when ctx does, then kills them.
func (p *Process) WaitOrStop(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = p.Signal(syscall.SIGTERM)
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		return err
	case <-grace.C:
	}
	_ = p.Signal(syscall.SIGKILL)
	return <-ended
}
