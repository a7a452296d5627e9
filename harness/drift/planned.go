package drift

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reprise-dr/reprise/harness"
)

// A Planned is a difference that somebody expects, and why: new host keys after a reinstall.
type Planned struct {
	Node string       // "" means every node
	Kind harness.Kind // "" means every kind but KindMention, which must be named
	// Key is a pattern that has to match the whole key of the difference: * stands for any run of
	// characters without a slash, ** for any run of characters, ? for one character that is no slash,
	// and \ takes the meaning from the next one. /etc/ssh/ssh_host_* matches every host key, and
	// /etc/ssh/** everything below that folder. Of a mention (KindMention) the key is where it stands:
	// "file /etc/hosts", "consul kv drill/1".
	Key     string
	Because string // required: a difference that nobody can explain is not planned
}

// Validate says in one sentence what is wrong with it.
func (p Planned) Validate() error {
	switch {
	case strings.TrimSpace(p.Because) == "":
		return fmt.Errorf("a planned difference of %q does not say why: Because is empty", p.Key)
	case p.Key == "":
		return fmt.Errorf("the planned difference %q has no key: ** matches all of them", p.Because)
	}
	if err := validPattern(p.Key); err != nil {
		return fmt.Errorf("the planned difference %q has the key %q: %w", p.Because, p.Key, err)
	}
	return nil
}

// Matches tells whether it explains a trait or mention.
func (p Planned) Matches(node string, kind harness.Kind, key string) bool {
	if p.Node != "" && p.Node != node || p.Kind != kind && (p.Kind != "" || kind == harness.KindMention) {
		return false
	}
	return p.Validate() == nil && matchPattern(p.Key, key)
}

// ValidatePlanned joins what is wrong with any of them.
func ValidatePlanned(planned []Planned) error {
	var problems []error
	for _, one := range planned {
		problems = append(problems, one.Validate())
	}
	return harness.JoinErrors(problems...)
}

// An Explained is a difference that was planned.
type Explained struct {
	harness.Difference
	Because string `json:"because"`
}

// Explain tells the differences that are planned from those that are not. The first plan that fits
// explains a difference; one that does not validate explains nothing.
func Explain(differences []harness.Difference, planned []Planned) (explained []Explained, unexplained []harness.Difference) {
	for _, difference := range differences {
		at := slices.IndexFunc(planned, func(p Planned) bool { return p.Matches(difference.Node, difference.Kind, difference.Key) })
		if at < 0 {
			unexplained = append(unexplained, difference)
			continue
		}
		explained = append(explained, Explained{Difference: difference, Because: planned[at].Because})
	}
	return explained, unexplained
}

// AnotherMachine plans what tells one machine from another that is installed the same way: its names,
// addresses, routes, identity and host keys. Node is the machine that is looked at now; "" means every node.
func AnotherMachine(node string) []Planned {
	const because = "it is another machine"
	var planned []Planned
	for _, one := range []Planned{
		{Kind: harness.KindFile, Key: "/etc/host*"},
		{Kind: harness.KindFile, Key: "/etc/mailname"},
		{Kind: harness.KindFile, Key: "/etc/machine-id"},
		{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_*"},
		{Kind: harness.KindSetting, Key: "kernel.hostname"},
		{Kind: harness.KindAddress, Key: "**"},
		{Kind: harness.KindRoute, Key: "**"},
	} {
		one.Node, one.Because = node, because
		planned = append(planned, one)
	}
	return planned
}

// validPattern finds what matchPattern would take literally although it was not meant so.
func validPattern(pattern string) error {
	if !utf8.ValidString(pattern) {
		return errors.New("it is no text")
	}
	for rest := pattern; ; {
		_, after, found := strings.Cut(rest, `\`)
		if !found {
			break
		}
		if after == "" {
			return errors.New(`it ends in a \`)
		}
		rest = after[1:]
	}
	if strings.Contains(pattern, "***") {
		return errors.New("three stars in a row mean nothing")
	}
	return nil
}

// matchPattern tells whether a whole key fits.
func matchPattern(pattern, key string) bool {
	for pattern != "" {
		if pattern[0] == '*' {
			return matchStar(pattern, key)
		}
		if key == "" {
			return false
		}
		size := 1
		switch {
		case pattern[0] == '?' && key[0] != '/':
			_, size = utf8.DecodeRuneInString(key)
		case pattern[0] == '?':
			return false
		default:
			pattern = strings.TrimPrefix(pattern, `\`)
			if !strings.HasPrefix(key, pattern[:1]) {
				return false
			}
		}
		pattern, key = pattern[1:], key[size:]
	}
	return key == ""
}

// matchStar gives the star that a pattern begins with ever more of the key, until the rest fits.
func matchStar(pattern, key string) bool {
	rest, crosses := strings.CutPrefix(pattern, "**")
	if !crosses {
		rest = pattern[1:]
	}
	for taken := range len(key) + 1 {
		if matchPattern(rest, key[taken:]) {
			return true
		}
		if taken < len(key) && key[taken] == '/' && !crosses {
			return false
		}
	}
	return false
}
