package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
)

// versionVariables choose other versions of the products; a line that repeats a run needs them too.
var versionVariables = []string{"NOMAD_VERSION", "CONSUL_VERSION"}

// repeatCommand is one line that does the same again when it is pasted into a shell.
func (c options) repeatCommand() string {
	line := c.commandLine("make " + cmp.Or(c.target, "chaos"))
	if c.repeat > 1 {
		line += fmt.Sprintf(" REPEAT=%d", c.repeat)
	}
	if c.phase {
		line += " PHASE=1"
	}
	return line
}

// commandLine gives a target what every run is chosen by.
func (c options) commandLine(line string) string {
	for _, variable := range []struct{ name, value string }{
		{"LABELS", c.labels}, {"FOCUS", c.focus}, {"SEED", fmt.Sprint(c.seed)},
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
