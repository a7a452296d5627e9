//go:build linux

package supervisor

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// apartVariable names the test that runs in namespaces of its own.
const apartVariable = "REPRISE_TEST_APART"

// apart runs a test's body in new namespaces, in a process of its own: what is mounted or made there goes
// with it, and nothing of it reaches this machine. Mounts are private in it. It needs root.
func apart(t *testing.T, namespaces uintptr, body func(t *testing.T)) {
	t.Helper()
	if os.Getenv(apartVariable) == t.Name() {
		body(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make namespaces")
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), apartVariable+"="+t.Name())
	command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: namespaces}
	output, err := command.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM):
		t.Skipf("this machine does not let root make namespaces: %v", err)
	case err != nil:
		t.Fatalf("%v\n%s", err, output)
	case strings.Contains(string(output), "--- SKIP: "):
		t.Skipf("%s", output)
	case !strings.Contains(string(output), "--- PASS: "+t.Name()):
		t.Fatalf("it did not run:\n%s", output)
	}
}

// mountedAt are the mount points of this process.
func mountedAt() map[string]string {
	kinds := map[string]string{}
	for _, mount := range mounts() {
		kinds[mount.point] = mount.kind
	}
	return kinds
}
