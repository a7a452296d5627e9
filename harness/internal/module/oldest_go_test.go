package module

import (
	"bufio"
	"bytes"
	"go/version"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// Goal: whoever imports this module needs no newer Go than its parts do, and whoever runs it here gets a toolchain that is at
// least as new. Method: go.mod must ask for the newest Go that a module in the build asks for, which is the oldest that the go
// command takes, and must name a toolchain of the same minor version, so that what is tested is what is asked for.
func TestGoModuleAsksForTheOldestGo(t *testing.T) {
	text, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked, needed, by := "go"+parsed.Go.Version, "go1.0", ""
	for _, line := range modulesInTheBuild(t) {
		dependency, wants, _ := strings.Cut(line, " ")
		if dependency != parsed.Module.Mod.Path && version.Compare("go"+wants, needed) > 0 {
			needed, by = "go"+wants, dependency
		}
	}
	if version.Compare(asked, needed) != 0 {
		t.Errorf("go.mod asks for %s, and what it imports for %s at most (%s): write that", asked, needed, by)
	}
	if parsed.Toolchain == nil {
		t.Fatal("go.mod has no toolchain line: name the newest patch release of its Go")
	}
	if named := parsed.Toolchain.Name; version.Lang(named) != version.Lang(asked) || version.Compare(named, asked) < 0 {
		t.Errorf("go.mod names the toolchain %s, which is no patch release of %s", named, asked)
	}
}

// modulesInTheBuild lists the modules of all packages that are compiled here, tests included, each with the Go it asks for.
func modulesInTheBuild(t *testing.T) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-f",
		"{{with .Module}}{{.Path}} {{.GoVersion}}{{end}}", "../../../...")
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		t.Fatalf("list what is compiled: %v", err)
	}
	var lines []string
	for scanner := bufio.NewScanner(bytes.NewReader(output)); scanner.Scan(); {
		if line := scanner.Text(); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatal("no package is compiled here")
	}
	return lines
}
