package module

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// CommandPath is the package of the command reprise, as other modules call it.
const CommandPath = "github.com/reprise-dr/reprise/harness/cmd/reprise"

// Program is how the command reprise is called in a shell from a folder of the module at root: as a tool of the module, where it
// is one.
func Program(root string) string {
	if isTool(root) {
		return "go tool reprise"
	}
	return "go run " + CommandPath
}

// isTool tells whether the module at root has the command among its tools. A go.mod that cannot be read has none.
func isTool(root string) bool {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return false
	}
	file, err := modfile.Parse("go.mod", text, nil)
	return err == nil && slices.ContainsFunc(file.Tool, func(tool *modfile.Tool) bool { return tool.Path == CommandPath })
}

// Command is the line for a shell that calls a subcommand of reprise with switches, such as "images", for whoever reads it in
// the working directory: by make in a clone of Reprise, else by [Program]. Outside of every module it is that of an installed
// command.
func Command(subcommand string, switches ...string) string {
	root, err := Root()
	words := []string{"reprise", subcommand}
	switch {
	case err == nil && IsReprise(root):
		words[0] = "make"
		for _, one := range switches {
			words = append(words, strings.ToUpper(one)+"=1")
		}
		return strings.Join(words, " ")
	case err == nil:
		words[0] = Program(root)
	}
	for _, one := range switches {
		words = append(words, "--"+one)
	}
	return strings.Join(words, " ")
}
