//go:build linux

package inspect

import (
	"context"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// resolver reads resolv.conf: the values of each directive, in their order, which matters.
func (l *look) resolver(context.Context) ([]harness.Trait, error) {
	content, err := l.readOptional("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range linesOf(content) {
		if strings.HasPrefix(line, ";") {
			continue
		}
		fields := strings.Fields(line)
		values[fields[0]] = strings.TrimSpace(values[fields[0]] + " " + strings.Join(fields[1:], " "))
	}
	var traits []harness.Trait
	for directive, value := range values {
		traits = append(traits, harness.Trait{Kind: harness.KindResolver, Key: directive, Value: value})
	}
	return traits, nil
}
