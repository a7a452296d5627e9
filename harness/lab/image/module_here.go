package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleHere is the go.mod of the module around the current directory, "" where there is none, and whether it is in a workspace.
func moduleHere(ctx context.Context) (module string, workspace bool, err error) {
	output, err := exec.CommandContext(ctx, "go", "env", "GOMOD", "GOWORK").Output()
	if err != nil {
		return "", false, fmt.Errorf("find the module around the current directory: %w", err)
	}
	module, work, _ := strings.Cut(strings.TrimRight(string(output), "\n"), "\n")
	if module == os.DevNull {
		module = ""
	}
	return module, work != "" && work != "off", nil
}

// besideModule copies a module's go.mod and go.sum into a folder and returns the flags by which the Go command takes the copies
// in their place, to compile a program that the module itself does not import: such a program is not in a vendor folder, and what
// it is made of may have no checksums in the module's go.sum. Those that its own module has are added to the copy, so that nobody
// has to be asked for them; the Go command verifies and adds what is missing still.
func besideModule(ctx context.Context, module, folder, program string) (flags []string, err error) {
	requirements, err := os.ReadFile(module)
	if err != nil {
		return nil, fmt.Errorf("read the module around the current directory: %w", err)
	}
	sums, err := readSums(filepath.Dir(module))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for a copy of the module's files: %w", err)
	}
	copied := filepath.Join(folder, "go.mod")
	flags = []string{"-mod=mod", "-modfile=" + copied}
	if err := writeSums(copied, requirements, sums); err != nil {
		return nil, err
	}
	find := exec.CommandContext(ctx, "go", append(append([]string{"list"}, flags...),
		"-find", "-f", "{{with .Module}}{{.Dir}}{{end}}", program)...)
	home, err := find.Output()
	if err != nil {
		return flags, nil //nolint:nilerr // the compiler will say what is wrong
	}
	added, err := readSums(strings.TrimSpace(string(home)))
	if err != nil {
		return nil, err
	}
	return flags, writeSums(copied, requirements, append(sums, added...))
}

// readSums reads the checksums of a module, none where it has no go.sum.
func readSums(folder string) ([]byte, error) {
	sums, err := os.ReadFile(filepath.Join(folder, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the checksums of a module: %w", err)
	}
	return sums, nil
}

// writeSums writes a go.mod, and a go.sum beside it.
func writeSums(module string, requirements, sums []byte) error {
	err := os.WriteFile(module, requirements, 0o644)
	if err == nil {
		err = os.WriteFile(strings.TrimSuffix(module, ".mod")+".sum", sums, 0o644)
	}
	if err != nil {
		return fmt.Errorf("copy the module's files: %w", err)
	}
	return nil
}
