//go:build linux

package inspect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// names are what numbers of users and groups are called. Two installations may number them differently.
type names struct{ users, groups map[uint32]string }

func (i *Inspector) readNames() (names, error) {
	users, err := i.readOptional("/etc/passwd")
	if err != nil {
		return names{}, err
	}
	groups, err := i.readOptional("/etc/group")
	return names{users: namesByNumber(users), groups: namesByNumber(groups)}, err
}

// namesByNumber reads "name:x:number:..." lines; the first name of a number counts.
func namesByNumber(content []byte) map[uint32]string {
	found := map[uint32]string{}
	for line := range linesOf(content) {
		fields := strings.Split(line, ":")
		if len(fields) < 3 {
			continue
		}
		number, err := strconv.ParseUint(fields[2], 10, 32)
		if _, known := found[uint32(number)]; err == nil && !known {
			found[uint32(number)] = fields[0]
		}
	}
	return found
}

func nameOf(known map[uint32]string, number uint32) string {
	if name, ok := known[number]; ok {
		return name
	}
	return strconv.FormatUint(uint64(number), 10)
}

func (l *look) accounts(context.Context) ([]harness.Trait, error) {
	users, err := l.readOptional("/etc/passwd")
	if err != nil {
		return nil, err
	}
	passwords, err := l.readOptional("/etc/shadow")
	if err != nil {
		return nil, err
	}
	groups, err := l.readOptional("/etc/group")
	if err != nil {
		return nil, err
	}
	return append(l.users(users, passwordStates(passwords)), groupTraits(groups)...), nil
}

// users reads "name:x:number:group:comment:home:shell".
func (l *look) users(content []byte, passwords map[string]string) []harness.Trait {
	var traits []harness.Trait
	for line := range linesOf(content) {
		fields := strings.Split(line, ":")
		if len(fields) < 7 {
			continue
		}
		group := fields[3]
		if number, err := strconv.ParseUint(group, 10, 32); err == nil {
			group = nameOf(l.names.groups, uint32(number))
		}
		value := fmt.Sprintf("number %s, group %s, home %s, shell %s", fields[2], group, fields[5], fields[6])
		if fields[4] != "" {
			value += ", called " + fields[4]
		}
		if state := passwords[fields[0]]; state != "" {
			value += ", " + state
		}
		traits = append(traits, harness.Trait{Kind: harness.KindUser, Key: fields[0], Value: value})
	}
	return traits
}

// passwordStates reads /etc/shadow, of which nothing but whether a password opens the account leaves
// the node: a hash is a secret, and is another one each time the same password is set.
func passwordStates(content []byte) map[string]string {
	states := map[string]string{}
	for line := range linesOf(content) {
		fields := strings.Split(line, ":")
		if len(fields) < 2 {
			continue
		}
		switch password := fields[1]; {
		case password == "":
			states[fields[0]] = "no password needed"
		case strings.HasPrefix(password, "!"), strings.HasPrefix(password, "*"):
			states[fields[0]] = "password locked"
		default:
			states[fields[0]] = "password set"
		}
	}
	return states
}

// groupTraits reads "name:x:number:member,member".
func groupTraits(content []byte) []harness.Trait {
	var traits []harness.Trait
	for line := range linesOf(content) {
		fields := strings.Split(line, ":")
		if len(fields) < 4 {
			continue
		}
		value := "number " + fields[2]
		if fields[3] != "" {
			members := strings.Split(fields[3], ",")
			slices.Sort(members)
			value += ", members " + strings.Join(members, " ")
		}
		traits = append(traits, harness.Trait{Kind: harness.KindGroup, Key: fields[0], Value: value})
	}
	return traits
}
