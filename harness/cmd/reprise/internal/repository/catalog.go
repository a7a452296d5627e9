package repository

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
)

// A Catalog is what can be chosen from: the folders of suites and the labels of their specs. It is
// read from the source, so that a wrong label is known before anything is compiled.
type Catalog struct {
	Folders []string // see [SourceFolder]: names below scenarios, such as "renumbering", or "./drills/renumbering"
	labels  []string // the folders' names are among them, and so are smoke and nightly
	// carried are the labels that specs of a folder carry besides its name, by folder. A folder of which they cannot all be
	// read is not in it.
	carried map[string][]string
	// byPattern tells that package patterns have named the folders: whoever wrote those drills may have labels that no test
	// file of theirs shows, so that no label is unknown and no folder is left out.
	byPattern bool
	unread    bool // some labels are written in another way than as a text or a constant of the same package
}

// plannedLabels may be asked for although no spec carries them at the moment.
var plannedLabels = []string{"smoke", "nightly"}

// ReadCatalog reads the scenarios of the repository.
func ReadCatalog(root string) (Catalog, error) {
	scenarios := filepath.Join(root, "scenarios")
	entries, err := os.ReadDir(scenarios)
	if err != nil {
		return Catalog{}, fmt.Errorf("list the scenarios: %w", err)
	}
	known := map[string]bool{}
	for _, label := range plannedLabels {
		known[label] = true
	}
	var folders []string
	carried := map[string][]string{}
	for _, entry := range entries {
		folder := filepath.Join(scenarios, entry.Name())
		suites, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			return Catalog{}, fmt.Errorf("list the scenario %s: %w", entry.Name(), err)
		}
		if !entry.IsDir() || len(suites) == 0 {
			continue
		}
		folders = append(folders, entry.Name())
		known[entry.Name()] = true
		labels, all, err := readLabels(suites)
		if err != nil {
			return Catalog{}, fmt.Errorf("read the labels of scenario %s: %w", entry.Name(), err)
		}
		for _, label := range labels {
			known[label] = true
		}
		if all {
			carried[entry.Name()] = labels
		}
	}
	if len(folders) == 0 {
		return Catalog{}, fmt.Errorf("list the scenarios: %s holds none", scenarios)
	}
	return Catalog{Folders: folders, labels: slices.Sorted(maps.Keys(known)), carried: carried}, nil
}

// postmortem is how the label of a postmortem looks: its date, or that it has none, and its name.
var postmortem = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|undated)-`)

// postmortems are the labels that stand for one postmortem each.
func (c Catalog) postmortems() []string {
	return slices.DeleteFunc(slices.Clone(c.labels), func(label string) bool { return !postmortem.MatchString(label) })
}

// readLabels finds the arguments of every call of Label in the files: strings, and names of
// constants that the same files define. It also tells whether these are all arguments.
func readLabels(paths []string) (labels []string, all bool, err error) {
	var files []*ast.File
	constants := map[string]string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, false, err
		}
		files = append(files, file)
		collectConstants(file, constants)
	}
	known := map[string]bool{}
	all = true
	for _, file := range files {
		for node := range ast.Preorder(file) {
			call, ok := node.(*ast.CallExpr)
			if !ok || calledName(call) != "Label" {
				continue
			}
			for _, argument := range call.Args {
				label, ok := constantText(argument, constants)
				if ok {
					known[label] = true
				}
				all = all && ok
			}
		}
	}
	return slices.Sorted(maps.Keys(known)), all, nil
}

func calledName(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}

// collectConstants adds the file's string constants of package level.
func collectConstants(file *ast.File, constants map[string]string) {
	for _, declaration := range file.Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST {
			continue
		}
		for _, spec := range general.Specs {
			values := spec.(*ast.ValueSpec)
			for index, value := range values.Values {
				if text, ok := constantText(value, nil); ok {
					constants[values.Names[index].Name] = text
				}
			}
		}
	}
}

// constantText evaluates a literal string or the name of a constant.
func constantText(expression ast.Expr, constants map[string]string) (string, bool) {
	switch value := expression.(type) {
	case *ast.BasicLit:
		if value.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(value.Value)
		return strings.TrimSpace(text), err == nil
	case *ast.Ident:
		text, ok := constants[value.Name]
		return text, ok
	}
	return "", false
}

// PostmortemLabel is the label that the specs of the postmortem carry, which is its id.
func (c Catalog) PostmortemLabel(id string) (string, error) {
	known := c.postmortems()
	switch {
	case slices.Contains(known, id), c.unread && postmortem.MatchString(id):
		return id, nil
	case len(known) == 0:
		return "", usage.Errorf("no spec here carries the label of a postmortem: give those that replay one a label of its date and " +
			`its name, as in Label("2020-01-20-ip-renumbering")`)
	case id == "":
		return "", usage.Errorf("which postmortem? known ids: %s", strings.Join(known, ", "))
	}
	return "", usage.Errorf("unknown postmortem %q%s known ids: %s", id, usage.DidYouMean(id, known), strings.Join(known, ", "))
}
