//go:build linux

package inspect

import (
	"context"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// installed is the state of a package that is in order.
const installed = "install ok installed"

// packages reads what dpkg knows. A system without it has none.
func (l *look) packages(context.Context) ([]harness.Trait, error) {
	content, err := l.readOptional("/var/lib/dpkg/status")
	if err != nil {
		return nil, err
	}
	return packageTraits(content), nil
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
