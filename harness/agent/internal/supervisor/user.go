//go:build linux

package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	if root, err := user.LookupId("0"); err == nil {
		roots = root.HomeDir
	}
	kept := slices.DeleteFunc(environment, func(variable string) bool {
		return variable == "HOME="+roots || variable == "HOME=/" || variable == "HOME="
	})
	if slices.ContainsFunc(kept, func(variable string) bool { return strings.HasPrefix(variable, "HOME=") }) {
		return kept
	}
	return append(kept, "HOME="+home)
}

// identify looks up a user, and a group after a colon, by name or number. A number need not be known: its group is root's then.
func identify(wanted string) (identity, error) {
	name, groupName, named := strings.Cut(wanted, ":")
	who := identity{home: "/"}
	found, err := lookUpUser(name)
	switch number, notNumber := strconv.ParseUint(name, 10, 32); {
	case err == nil:
		if err := who.take(found); err != nil {
			return identity{}, fmt.Errorf("look up the user %s: %w", name, err)
		}
	case notNumber == nil:
		who.credential.Uid = uint32(number)
	default:
		return identity{}, fmt.Errorf("the system has no user %s: %w", name, err)
	}
	if !named {
		return who, nil
	}
	group, err := lookUpGroup(groupName)
	if err != nil {
		return identity{}, err
	}
	who.credential.Gid, who.credential.Groups = group, nil
	return who, nil
}

// take makes it a user that the system knows, with all his groups.
func (i *identity) take(found *user.User) error {
	groups, err := found.GroupIds()
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a small image has users and no groups
		return err
	}
	for _, text := range append([]string{found.Uid, found.Gid}, groups...) {
		number, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return err
		}
		i.credential.Groups = append(i.credential.Groups, uint32(number))
	}
	i.credential.Uid, i.credential.Gid = i.credential.Groups[0], i.credential.Groups[1]
	i.credential.Groups = i.credential.Groups[2:]
	i.home = cmp.Or(found.HomeDir, "/")
	return nil
}

// lookUpUser finds a user by name, else by number.
func lookUpUser(name string) (*user.User, error) {
	found, err := user.Lookup(name)
	if err != nil {
		if numbered, unknown := user.LookupId(name); unknown == nil {
			return numbered, nil
		}
	}
	return found, err
}

// lookUpGroup finds a group by name, else it is a number.
func lookUpGroup(name string) (uint32, error) {
	text := name
	found, err := user.LookupGroup(name)
	if err == nil {
		text = found.Gid
	}
	number, notNumber := strconv.ParseUint(text, 10, 32)
	if notNumber != nil {
		return 0, fmt.Errorf("the system has no group %s: %w", name, cmp.Or(err, notNumber))
	}
	return uint32(number), nil
}
