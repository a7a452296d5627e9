//go:build linux

package inspect

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/reprise-dr/reprise/harness"
)

// installed is the state of a package that is in order.
const installed = "install ok installed"

// packages reads what dpkg knows. A system without it has none.
func (l *look) packages(context.Context) ([]harness.Trait, error) {
	const status = "/var/lib/dpkg/status"
	info, err := os.Lstat(l.at(status))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, l.named(status, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	steady := ok && settled(stat)
	if steady && l.dpkg.content == identityOf(stat) {
		return slices.Clone(l.dpkg.traits), nil
	}
	content, err := l.readOptional(status)
	if err != nil {
		return nil, err
	}
	traits := packageTraits(content)
	if steady {
		l.dpkg = dpkg{content: identityOf(stat), traits: slices.Clone(traits)}
	}
	return traits, nil
}

// A dpkg is what its list of packages said, and when.
type dpkg struct {
	content identity
	traits  []harness.Trait
}

// packageTraits reads paragraphs of "Field: value" lines.
func packageTraits(content []byte) []harness.Trait {
	var traits []harness.Trait
	var name, architecture, version, status string
	end := func() {
		if name != "" && status != "" && !strings.HasSuffix(status, "not-installed") {
			value := version
			if status != installed {
				value = strings.TrimSpace(version + " (" + status + ")")
			}
			traits = append(traits, harness.Trait{Kind: harness.KindPackage, Key: name + ":" + architecture, Value: value})
		}
		name, architecture, version, status = "", "", "", ""
	}
	fields := map[string]*string{"Package": &name, "Architecture": &architecture, "Version": &version, "Status": &status}
	for line := range strings.Lines(string(content)) {
		if strings.TrimSpace(line) == "" {
			end()
			continue
		}
		if line[0] == ' ' {
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		if into := fields[field]; into != nil {
			*into = strings.TrimSpace(value)
		}
	}
	end()
	return traits
}
