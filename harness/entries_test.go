package harness_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// entries are the packages that the owner of another system needs for his drills.
var entries = []string{
	"harness", "harness/drift", "harness/drill", "harness/drilltest", "harness/fault", "harness/labtest", "harness/probe",
	"harness/runbook", "harness/suite", "fixtures",
}

// noProducts are the modules that packages of harness/systems import and that are no product's client.
var noProducts = []string{
	module, "golang.org/x/sync",
	"github.com/miekg/dns", // every agent asks name servers by it
}

// Goal: who drills a system of his own compiles the client of no product. Method: the modules that packages of harness/systems
// import, of which the entry packages must need none, with all that these need; nor any of those packages but the names of roles.
func TestEntriesNeedNoProduct(t *testing.T) {
	systems := goList(t, "{{range .Imports}}{{.}}\n{{end}}", module+"/harness/systems/...")
	imported := slices.DeleteFunc(systems, func(path string) bool { return !strings.Contains(path, ".") }) // of the standard library
	isNone := func(path string) bool { return slices.Contains(noProducts, path) }
	products := slices.DeleteFunc(goList(t, moduleOf, imported...), isNone)
	for _, known := range []string{"github.com/hashicorp/nomad/api", "github.com/jackc/pgx/v5", "k8s.io/client-go"} {
		if !slices.Contains(products, known) {
			t.Errorf("%s is not among the products' modules: %q", known, products)
		}
	}
	for _, entry := range entries {
		for _, needed := range goList(t, moduleOf, "-deps", module+"/"+entry) {
			if slices.Contains(products, needed) {
				t.Errorf("package %s needs the module %s, which drives a product: go list -deps tells by way of what", entry, needed)
			}
		}
		for _, needed := range goList(t, "{{.ImportPath}}", "-deps", module+"/"+entry) {
			if system, driven := strings.CutPrefix(needed, module+"/harness/systems/"); driven && system != "role" {
				t.Errorf("package %s needs the package %s, which drives a product", entry, needed)
			}
		}
	}
}

// moduleOf is the module of a package.
const moduleOf = "{{with .Module}}{{.Path}}{{end}}"

// goList is what the go command says of packages, each line once.
func goList(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", format}, packages...)...)
	text, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	lines := strings.Fields(string(text))
	slices.Sort(lines)
	return slices.Compact(lines)
}
