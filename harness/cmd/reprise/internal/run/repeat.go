package run

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/repository"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// versionVariables choose other versions of the products; a line that repeats a run needs them too.
var versionVariables = []string{"NOMAD_VERSION", "CONSUL_VERSION"}

// A program is how reprise is called in a shell; the zero program is make, in a clone of Reprise.
type program struct {
	words string // before the subcommand
	root  string // of the module, from the folder in which the program is called
}

// programIn is how the run is repeated in the module at root, from the working directory.
func (c Options) programIn(root string) (program, error) {
	if len(c.Packages) == 0 && module.IsReprise(root) {
		return program{}, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return program{}, fmt.Errorf("find the folder that reprise is called in: %w", err)
	}
	below, err := filepath.Rel(here, root)
	if err != nil {
		return program{}, fmt.Errorf("find the module: %w", err)
	}
	return program{module.Program(root), filepath.ToSlash(below)}, nil
}

// makeTarget is how the Makefile names what is done.
func (c Options) makeTarget() string { return "make " + c.target() }

// target is the subcommand.
func (c Options) target() string { return cmp.Or(c.Target, "chaos") }

// toolLine calls reprise. The focus is a word of the shell.
func (c Options) toolLine(packages []string, labels, focus string, seed int64, repeat int, phase bool) string {
	var words []string
	for _, name := range versionVariables {
		if value := os.Getenv(name); value != "" {
			words = append(words, name+"="+shellWord(value))
		}
	}
	words = append(words, c.program.words, c.target())
	for _, one := range packages {
		words = append(words, shellWord(one))
	}
	if labels != "" {
		words = append(words, "--labels="+shellWord(labels))
	}
	if focus != "" {
		words = append(words, "--focus="+focus)
	}
	words = append(words, fmt.Sprintf("--seed=%d", seed))
	if repeat > 1 {
		words = append(words, fmt.Sprintf("--repeat=%d", repeat))
	}
	if phase {
		words = append(words, "--phase")
	}
	if c.Runs != "" {
		words = append(words, "--out="+shellWord(c.Runs))
	}
	return strings.Join(words, " ")
}

// packagePattern names the package of a suite from where reprise was called.
func (p program) packagePattern(folder string) string {
	pattern := path.Join(p.root, repository.SourceFolder(folder))
	if pattern == ".." || strings.HasPrefix(pattern, "../") {
		return pattern
	}
	return "./" + pattern
}

// repeatCommand is one line that does the same again when it is pasted into a shell.
func (c Options) repeatCommand() string {
	if c.program.words != "" {
		return c.toolLine(c.Packages, c.Labels, shellWord(c.Focus), c.Seed, c.Repeat, c.Phase)
	}
	line := c.makeTarget()
	for _, variable := range []struct{ name, value string }{
		{"LABELS", c.Labels}, {"FOCUS", c.Focus}, {"SEED", fmt.Sprint(c.Seed)},
	} {
		if variable.value != "" {
			line += " " + variable.name + "=" + shellWord(variable.value)
		}
	}
	for _, name := range versionVariables {
		if value := os.Getenv(name); value != "" {
			line += " " + name + "=" + shellWord(value)
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
	if c.program.words != "" {
		packages := []string{c.program.packagePattern(one.folder)}
		return c.toolLine(packages, "", "'"+contract.Spec+"$'", seed, 1, c.drawsPhase())
	}
	line := c.makeTarget()
	if !one.selftest() {
		line += " LABELS=" + one.scenario() + " FOCUS='" + contract.Spec + "$'"
	}
	line += fmt.Sprintf(" SEED=%d", seed)
	if c.drawsPhase() {
		line += " PHASE=1"
	}
	return line
}

// shellWord makes one word of a value for the shell; "" stays "".
func shellWord(value string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/+", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !safe(r) }) < 0 {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
