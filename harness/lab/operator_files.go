package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/reprise-dr/reprise/harness"
)

// Exec runs a command in the node's system: in the machine within the node where the system is one.
func (l *Lab) Exec(ctx context.Context, name string, argv ...string) ([]byte, error) {
	node, err := l.node(name)
	if err != nil {
		return nil, err
	}
	if !node.System.Virtual() {
		return node.agent.Exec(ctx, argv...)
	}
	return node.execInside(ctx, argv...)
}

// ReadFile reads a file of the node's system.
func (l *Lab) ReadFile(ctx context.Context, name, path string) ([]byte, error) {
	node, err := l.node(name)
	if err != nil {
		return nil, err
	}
	if !node.System.Virtual() {
		return node.agent.ReadFile(ctx, path)
	}
	return node.readInside(ctx, path)
}

// WriteFile replaces a file of the node's system. In a machine within the node that has to be running.
func (l *Lab) WriteFile(ctx context.Context, name string, file harness.File) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	if !node.System.Virtual() {
		return node.agent.WriteFile(ctx, file)
	}
	return node.writeInside(ctx, file)
}

// RemoveFile removes a file of the node's system.
func (l *Lab) RemoveFile(ctx context.Context, name, path string) error {
	node, err := l.node(name)
	if err != nil {
		return err
	}
	if !node.System.Virtual() {
		return node.agent.RemoveFile(ctx, path)
	}
	_, err = node.execInside(ctx, "rm", "-f", "--", path)
	return err
}

// execInside runs a command in the machine within the node. An error is about the command as it was given.
func (n *node) execInside(ctx context.Context, argv ...string) ([]byte, error) {
	output, err := n.agent.Exec(ctx, append(append([]string{}, n.System.GuestExec...), argv...)...)
	if refused, ended := errors.AsType[*harness.CommandError](err); ended {
		refused.Argv = argv
	}
	return output, err
}

// missing is the exit code by which readScript says that there is no such file: one that cat does not have.
const missing = 44

const readScript = `[ -e "$1" ] || exit 44; exec cat -- "$1"`

func (n *node) readInside(ctx context.Context, name string) ([]byte, error) {
	content, err := n.execInside(ctx, "sh", "-c", readScript, "sh", name)
	if refused, ended := errors.AsType[*harness.CommandError](err); ended && refused.ExitCode == missing {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", name, n.Name, err)
	}
	return content, nil
}

// writeScript puts a new file in the place of an old one in one step, and returns when it is on the disk.
const writeScript = `set -e; mkdir -p "$(dirname "$1")"; cat > "$2"; chmod "$3" "$2"; mv "$2" "$1"; sync`

// writeInside has the node keep the content for the moment, since a command takes no input from here.
func (n *node) writeInside(ctx context.Context, file harness.File) error {
	if !path.IsAbs(file.Path) {
		return fmt.Errorf("write %q of %s: it is no absolute path", file.Path, n.Name)
	}
	mode := file.Mode
	if mode == 0 {
		mode = 0o644
	}
	kept := "/run/reprise-" + rand.Text()
	if err := n.agent.WriteFile(ctx, harness.File{Path: kept, Mode: 0o600, Data: file.Data}); err != nil {
		return err
	}
	command := []string{"sh", "-c", `kept=$1; shift; "$@" < "$kept"; code=$?; rm -f "$kept"; exit $code`, "sh", kept}
	command = append(append(command, n.System.GuestExec...),
		"sh", "-c", writeScript, "sh", file.Path, path.Join(path.Dir(file.Path), ".reprise-"+rand.Text()),
		fmt.Sprintf("%o", mode.Perm()))
	if _, err := n.agent.Exec(ctx, command...); err != nil {
		return fmt.Errorf("write %s of %s: %w", file.Path, n.Name, err)
	}
	return nil
}
