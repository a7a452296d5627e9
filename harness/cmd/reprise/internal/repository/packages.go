package repository

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
)

// entry is the package whose importers are suites of drills.
const entry = "github.com/reprise-dr/reprise/harness/suite"

// A goPackage is what the go command says of a package.
type goPackage struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string
	TestImports, XTestImports []string
	Error                     *struct{ Pos, Err string }
}

// isDrill tells whether the package's tests are drills.
func (p goPackage) isDrill() bool {
	return slices.Contains(slices.Concat(p.TestImports, p.XTestImports), entry)
}

// ReadPackages reads the drills of the module at root that package patterns name, such as ./drills/..., which the go command
// reads at the folder here. What is no drill among them is left out.
func ReadPackages(ctx context.Context, root, here string, patterns []string) (Catalog, error) {
	packages, err := listPackages(ctx, here, patterns)
	if err != nil {
		return Catalog{}, err
	}
	known := map[string]bool{}
	catalog := Catalog{byPattern: true}
	for _, one := range packages {
		if one.Error != nil { // it may be a drill, which must not be left out
			problem, _, _ := strings.Cut(strings.TrimPrefix(one.Error.Pos+": "+one.Error.Err, ": "), "\n")
			return Catalog{}, usage.Errorf("read the package %s: %s", one.ImportPath, problem)
		}
		if !one.isDrill() {
			continue
		}
		below, err := filepath.Rel(root, one.Dir)
		if err != nil || below == ".." || strings.HasPrefix(below, "../") {
			return Catalog{}, usage.Errorf("the drills %s are outside of the module at %s: change into theirs", one.ImportPath, root)
		}
		folder := "."
		if below != "." {
			folder = "./" + filepath.ToSlash(below)
		}
		var files []string
		for _, file := range slices.Concat(one.TestGoFiles, one.XTestGoFiles) {
			files = append(files, filepath.Join(one.Dir, file))
		}
		labels, all, err := readLabels(files)
		if err != nil {
			return Catalog{}, fmt.Errorf("read the labels of %s: %w", folder, err)
		}
		for _, label := range labels {
			known[label] = true
		}
		catalog.unread = catalog.unread || !all
		catalog.Folders = append(catalog.Folders, folder)
	}
	if len(catalog.Folders) == 0 {
		return Catalog{}, usage.Errorf("no package that %s names has tests that import %s: nothing would be checked (drills of "+
			"harness/drilltest run by go test)", strings.Join(patterns, " "), entry)
	}
	catalog.labels = slices.Sorted(maps.Keys(known))
	return catalog, nil
}

// listPackages asks the go command which packages the patterns name.
func listPackages(ctx context.Context, here string, patterns []string) ([]goPackage, error) {
	list := exec.CommandContext(ctx, "go", slices.Concat([]string{
		"list", "-e",
		"-json=Dir,ImportPath,TestGoFiles,XTestGoFiles,TestImports,XTestImports,Error", "--",
	}, patterns)...)
	list.Dir = here
	var text, problems bytes.Buffer
	list.Stdout, list.Stderr = &text, &problems
	if err := list.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("list the packages: the go command is not in the PATH: install Go, or add the folder of its " +
				"programs to the PATH")
		}
		return nil, fmt.Errorf("list the packages: %s", cmp.Or(strings.TrimSpace(problems.String()), err.Error()))
	}
	var packages []goPackage
	for decoder := json.NewDecoder(&text); ; {
		var one goPackage
		switch err := decoder.Decode(&one); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("list the packages: %w", err)
		}
		packages = append(packages, one)
	}
}
