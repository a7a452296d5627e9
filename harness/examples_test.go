package harness_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notForImporters are the folders whose packages nobody outside the module imports, or could.
var notForImporters = regexp.MustCompile(`^scenarios(/|$)|^harness/selftest(/|$)|(^|/)(internal|cmd)(/|$)`)

// Goal: whoever finds a package sees what to do first with it, in code that compiles. Method: every package that others can
// import has an Example in a test from outside the package, so that it uses nothing that they cannot.
func TestEveryPublicPackageHasAnExample(t *testing.T) {
	public, shown := map[string]bool{}, map[string]bool{}
	err := eachGoFile("..", func(file, below string) error {
		folder := path.Dir(below)
		if notForImporters.MatchString(folder) {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		switch {
		case err != nil:
			return err
		case !isTest(below):
			public[folder] = true
		case strings.HasSuffix(parsed.Name.Name, "_test"):
			shown[folder] = shown[folder] || slices.ContainsFunc(parsed.Decls, isExample)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range public {
		if !shown[folder] {
			t.Errorf("package %s has no Example", folder)
		}
	}
	if !public["harness"] || !public["harness/systems/role"] || public["harness/internal/words"] {
		t.Errorf("the packages that others can import were taken to be %v", public)
	}
}

// isExample tells whether the go command takes a declaration for an example.
func isExample(declaration ast.Decl) bool {
	function, isFunction := declaration.(*ast.FuncDecl)
	return isFunction && function.Recv == nil && regexp.MustCompile(`^Example($|[^a-z])`).MatchString(function.Name.Name)
}
