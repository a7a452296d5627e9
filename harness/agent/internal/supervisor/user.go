//go:build linux

package supervisor

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/moby/sys/user"
)

// An identity is who a process runs as, and where that user is at home.
type identity struct {
	credential syscall.Credential
	home       string
}

// runAs has a command run as somebody else, in the way of container engines: with all his groups unless one is named, with the
// folder where he is at home, and able to open the container's output by its name (/dev/stdout).
func runAs(command *exec.Cmd, wanted string) error {
	if wanted == "" {
		return nil
	}
	who, err := identify(wanted)
	if err != nil {
		return err
	}
	if who.credential.Uid == uint32(os.Geteuid()) && !strings.Contains(wanted, ":") { //nolint:gosec // the kernel's own number
		return nil
	}
	command.SysProcAttr.Credential = &who.credential
	command.Env = atHome(os.Environ(), who.home)
	for _, output := range []*os.File{os.Stdout, os.Stderr} {
		// One that nobody can be given, such as a file of another machine, can still be written to.
		_ = output.Chown(int(who.credential.Uid), int(who.credential.Gid))
	}
	return nil
}

// atHome replaces the folder where root is at home, which the engine has put there for the supervisor. One that the image or the
// topology has chosen stays.
func atHome(environment []string, home string) []string {
	roots := "/root"
	if root, err := user.LookupUid(0); err == nil {
		roots = root.Home
	}
	kept := slices.DeleteFunc(environment, func(variable string) bool {
		return variable == "HOME="+roots || variable == "HOME=/" || variable == "HOME="
	})
	if slices.ContainsFunc(kept, func(variable string) bool { return strings.HasPrefix(variable, "HOME=") }) {
		return kept
	}
	return append(kept, "HOME="+home)
}

// identify looks up a user, and a group after a colon, by name or number, as container engines do: a number need not be known,
// and its group is root's then.
func identify(wanted string) (identity, error) {
	found, err := user.GetExecUserPath(wanted, &user.ExecUser{Home: "/"}, "/etc/passwd", "/etc/group")
	if err != nil {
		return identity{}, fmt.Errorf("look up who %q is: %w", wanted, err)
	}
	number := func(id int) uint32 { return uint32(id) } //nolint:gosec // the lookup keeps to what the kernel knows
	who := identity{home: cmp.Or(found.Home, "/")}
	who.credential.Uid, who.credential.Gid = number(found.Uid), number(found.Gid)
	for _, group := range found.Sgids {
		who.credential.Groups = append(who.credential.Groups, number(group))
	}
	return who, nil
}
