//go:build linux

package supervisor

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a user is found by name and by number, a group after a colon takes the place of all others, a number that nobody has is
// one all the same, and a name that nobody has is an error. Method: each, on this machine.
func TestIdentify(t *testing.T) {
	for wanted, want := range map[string]string{
		"root": "0:0 /root", "0": "0:0 /root", "root:4321": "0:4321 /root", "root:root": "0:0 /root",
		"3456789": "3456789:0 /", "3456789:4321": "3456789:4321 /",
	} {
		who, err := identify(wanted)
		if got := fmt.Sprintf("%d:%d %s", who.credential.Uid, who.credential.Gid, who.home); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", wanted, got, err, want)
		}
	}
	for wanted, want := range map[string]string{
		"no-such-user": "unable to find user no-such-user", "root:no-such-group": "unable to find group no-such-group",
	} {
		if _, err := identify(wanted); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", wanted, err, want)
		}
	}
}

// Goal: the main process runs as the user that was said, also after a restart, with the groups and the home of that user, and
// the operator's commands as root. Method: the kernel's list of a process, and a command; a user that does not exist is an error.
func TestMainProcessRunsAsItsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another")
	}
	t.Setenv("HOME", "/root")
	s := New(Options{Command: []string{"sleep", "600"}, User: "3456789:4321"})
	for range 2 {
		start(t, s)
		process := fmt.Sprintf("/proc/%d/", s.main.command.Process.Pid)
		status, err := os.ReadFile(process + "status")
		testkit.Must(t, err)
		for _, line := range []string{"Uid:\t3456789\t3456789", "Gid:\t4321\t4321", "Groups:\t \n"} {
			if !strings.Contains(string(status), "\n"+line) {
				t.Errorf("%q is not in\n%s", line, status)
			}
		}
		environment, err := os.ReadFile(process + "environ")
		if err != nil || !slices.ContainsFunc(bytes.Split(environment, []byte{0}), func(variable []byte) bool {
			return string(variable) == "HOME=/"
		}) {
			t.Errorf("the environment is %q, %v", environment, err)
		}
		stop(t, s, protocol.Stop{Timeout: time.Minute})
	}
	outcome, err := s.exec(t.Context(), protocol.Command{Argv: []string{"id", "-u"}})
	if err != nil || string(outcome.Stdout) != "0\n" {
		t.Errorf("the operator is %q, %v", outcome.Output, err)
	}
	if _, err := New(Options{Command: []string{"true"}, User: "nobody-at-all"}).start(t.Context(), protocol.Nothing{}); err == nil ||
		err.Error() != `start the main process: look up who "nobody-at-all" is: unable to find user nobody-at-all: no matching `+
			"entries in passwd file" {
		t.Errorf("a user that does not exist: %v", err)
	}
}

// Goal: a home that somebody has chosen stays, and root's goes. Method: both, and none.
func TestAtHome(t *testing.T) {
	for _, test := range []struct{ before, after []string }{
		{[]string{"PATH=/bin", "HOME=/root"}, []string{"PATH=/bin", "HOME=/srv"}},
		{[]string{"HOME=/"}, []string{"HOME=/srv"}},
		{nil, []string{"HOME=/srv"}},
		{[]string{"HOME=/var/lib/app", "A=b"}, []string{"HOME=/var/lib/app", "A=b"}},
	} {
		if got := atHome(test.before, "/srv"); !slices.Equal(got, test.after) {
			t.Errorf("%q becomes %q, want %q", test.before, got, test.after)
		}
	}
}
