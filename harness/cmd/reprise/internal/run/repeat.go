package run

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// versionVariables choose other versions of the products; a line that repeats a run needs them too.
var versionVariables = []string{"NOMAD_VERSION", "CONSUL_VERSION"}

// makeTarget is how the Makefile names what is done.
func (c Options) makeTarget() string { return "make " + cmp.Or(c.Target, "chaos") }

// repeatCommand is one line that does the same again when it is pasted into a shell.
func (c Options) repeatCommand() string {
	line := c.makeTarget()
	for _, variable := range []struct{ name, value string }{
		{"LABELS", c.Labels}, {"FOCUS", c.Focus}, {"SEED", fmt.Sprint(c.Seed)},
	} {
		if variable.value != "" {
			line += " " + variable.name + "=" + quoted(variable.value)
		}
	}
	for _, name := range versionVariables {
		if value := os.Getenv(name); value != "" {
			line += " " + name + "=" + quoted(value)
		}
	}
	if c.Repeat > 1 {
		line += fmt.Sprintf(" REPEAT=%d", c.Repeat)
	}
	if c.Phase {
		line += " PHASE=1"
	}
	return line
}

// repeatSpec is the line that runs one spec of a suite alone once more, see [contract.Config]. A suite that tests the harness
// has a target of its own, and is repeated whole.
func (c Options) repeatSpec(one suite, seed int64) string {
	line := c.makeTarget()
	if !one.selftest() {
		line += " LABELS=" + one.scenario() + " FOCUS='" + contract.Spec + "$$'" // a single dollar would be make's
	}
	line += fmt.Sprintf(" SEED=%d", seed)
	if c.drawsPhase() {
		line += " PHASE=1"
	}
	return line
}

// quoted makes one word of a value for the shell, and keeps make from reading a dollar as its own.
func quoted(value string) string {
	value = strings.ReplaceAll(value, "$", "$$")
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/+", r)
	}
	if value != "" && strings.IndexFunc(value, func(r rune) bool { return !safe(r) }) < 0 {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
