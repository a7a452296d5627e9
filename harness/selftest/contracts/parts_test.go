package contracts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is that of the module, seen from here.
const root = "../../../"

// partPackages are the packages of faults, probes, ledgers and runbooks, below the root.
func partPackages(t *testing.T) []string {
	t.Helper()
	folders := []string{"harness/fault", "harness/probe", "harness/runbook"}
	systems, err := filepath.Glob(root + "harness/systems/*")
	if err != nil || len(systems) == 0 {
		t.Fatalf("found %d systems: %v", len(systems), err)
	}
	for _, system := range systems {
		folders = append(folders, "harness/systems/"+path.Base(filepath.ToSlash(system)))
	}
	return folders
}

// files parses those of a folder below the root: its tests, or everything else.
func files(t *testing.T, folder string, tests bool) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	names, err := filepath.Glob(root + folder + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	return parsed
}

// The methods that make a type a fault, a runbook, a ledger or a probe.
var methodsOfParts = [][]string{{"Describe", "Inject"}, {"Name", "Steps"}, {"Write", "Entries"}, {"Period", "Check"}}

// resultsThatAreParts are the types that functions return which make parts.
var resultsThatAreParts = []string{
	"harness.Fault", "harness.Probe", "harness.Ledger", "harness.Runbook", "harness.SteadyState", "probe.NetworkProbe", "probe.Func",
}

// exportedParts are those of a package: types and functions by their names ("fault.PowerLoss", "consul.Quorum"), methods behind
// their type ("vrrp.Site.There").
func exportedParts(name string, sources []*ast.File) []string {
	methods := map[string][]string{}
	var functions []*ast.FuncDecl
	for _, file := range sources {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			functions = append(functions, function)
			if receiver := receiverOf(function); receiver != "" {
				methods[receiver] = append(methods[receiver], function.Name.Name)
			}
		}
	}
	var parts, types []string
	for typeName, has := range methods {
		isPart := slices.ContainsFunc(methodsOfParts, func(needed []string) bool {
			return !slices.ContainsFunc(needed, func(method string) bool { return !slices.Contains(has, method) })
		})
		if isPart && ast.IsExported(typeName) {
			parts, types = append(parts, name+"."+typeName), append(types, typeName)
		}
	}
	for _, function := range functions {
		receiver := receiverOf(function)
		if !function.Name.IsExported() || receiver != "" && !ast.IsExported(receiver) || !makesPart(function, types) {
			continue
		}
		parts = append(parts, strings.Join(slices.DeleteFunc([]string{name, receiver, function.Name.Name},
			func(word string) bool { return word == "" }), "."))
	}
	slices.Sort(parts)
	return parts
}

// receiverOf is the type that a method belongs to; "" of a function.
func receiverOf(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	return strings.TrimPrefix(typeText(function.Recv.List[0].Type), "*")
}

// makesPart tells whether the first result is a part, or several.
func makesPart(function *ast.FuncDecl, own []string) bool {
	if function.Type.Results == nil {
		return false
	}
	result := strings.TrimPrefix(typeText(function.Type.Results.List[0].Type), "[]")
	return slices.Contains(resultsThatAreParts, result) || slices.Contains(own, result)
}

// typeText is a type as it is written, as far as parts need it.
func typeText(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.StarExpr:
		return "*" + typeText(expression.X)
	case *ast.ArrayType:
		return "[]" + typeText(expression.Elt)
	case *ast.MapType:
		return typeText(expression.Value)
	case *ast.SelectorExpr:
		return typeText(expression.X) + "." + expression.Sel.Name
	}
	return ""
}

// testedParts are the names in the cases of a package's tests: "fault.PowerLoss", or "vrrp.*.There" of what is a method of any of
// the packages that the test imports, its own included. What a case has from a function of the tests is looked up there. Cases
// are read in the files that count.
func testedParts(name string, tests []*ast.File, counts func(*ast.File) bool) map[string]bool {
	cases := caseReader{name: name, helpers: map[string]*ast.FuncDecl{}, found: map[string]bool{}}
	for _, file := range tests {
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Body != nil {
				cases.helpers[function.Name.Name] = function
			}
		}
	}
	for _, file := range slices.DeleteFunc(slices.Clone(tests), func(file *ast.File) bool { return !counts(file) }) {
		cases.imported = []string{name}
		for _, one := range file.Imports {
			cases.imported = append(cases.imported, path.Base(strings.Trim(one.Path.Value, `"`)))
		}
		ast.Inspect(file, cases.look)
	}
	return cases.found
}

// everyFile counts.
func everyFile(*ast.File) bool { return true }

// isLarge tells whether a file's labs have the label [large].
func isLarge(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		found = found || ok && typeText(call.Fun) == "Label" &&
			slices.ContainsFunc(call.Args, func(label ast.Expr) bool { return typeText(label) == "large" })
		return true
	})
	return found
}

// A caseReader finds the names in cases.
type caseReader struct {
	name     string
	helpers  map[string]*ast.FuncDecl
	imported []string // by the file that is read, and the package's own name
	found    map[string]bool
}

// look finds literals of cases.
func (c caseReader) look(node ast.Node) bool {
	literal, ok := node.(*ast.CompositeLit)
	if !ok || literal.Type == nil || !isCase(typeText(literal.Type)) {
		return true
	}
	ast.Inspect(literal, func(node ast.Node) bool {
		if pair, ok := node.(*ast.KeyValueExpr); ok && slices.Contains(caseFields, typeText(pair.Key)) {
			c.note(pair.Value, true)
		}
		return true
	})
	return false
}

// note keeps the names in an expression, and those in the functions of the tests that it calls.
func (c caseReader) note(node ast.Node, follow bool) {
	ast.Inspect(node, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			c.found[typeText(node)] = true
			for _, one := range c.imported {
				c.found[one+".*."+node.Sel.Name] = true
			}
			c.note(node.X, follow)
			return false
		case *ast.Ident:
			c.found[c.name+"."+node.Name] = true
			if helper := c.helpers[node.Name]; follow && helper != nil {
				c.note(helper.Body, false)
			}
		}
		return true
	})
}

// caseFields hold the part that a case is about.
var caseFields = []string{"Fault", "Probe", "Ledger", "Runbook"}

func isCase(name string) bool {
	name = strings.TrimPrefix(name, "[]")
	return slices.ContainsFunc(caseFields, func(part string) bool { return name == "labtest."+part+"Case" })
}

// isTested tells whether the part, whose name may be that of a method, is among those tested.
func isTested(part string, tested map[string]bool) bool {
	words := strings.Split(part, ".")
	return tested[part] || len(words) == 3 && tested[words[0]+".*."+words[2]]
}

// Goal: every fault, probe, ledger and runbook that a package of ours exports runs through its contract on a real lab, in
// `.ci/run` or only where large labs are asked for, or is named with the reason why it does not. Method: read what the packages
// export and what the cases of the specs here are about. How many there are of each is said, and which of those left out run in
// memory.
func TestEveryPartIsTested(t *testing.T) {
	suite := files(t, "harness/selftest/contracts", true)
	everywhere := testedParts("contracts", suite, func(file *ast.File) bool { return !isLarge(file) })
	onLarge := testedParts("contracts", suite, isLarge)
	known, always, onlyLarge := map[string]bool{}, 0, 0
	for _, folder := range partPackages(t) {
		name := path.Base(folder)
		inMemory := testedParts(name, files(t, folder, true), everyFile)
		for _, part := range exportedParts(name, files(t, folder, false)) {
			known[part] = true
			reason, left := leftOut()[part]
			switch small, big := isTested(part, everywhere), isTested(part, onLarge); {
			case (small || big) && left:
				t.Errorf("%s runs through its contract, and is said to be left out: %s", part, reason)
			case small:
				always++
			case big:
				onlyLarge++
			case !left:
				t.Errorf("%s neither runs through its contract on a real lab nor is it said here why not: see left_out_test.go", part)
			case isTested(part, inMemory):
				t.Logf("%s runs through its contract in memory only: %s", part, reason)
			default:
				t.Logf("%s does not run through its contract: %s", part, reason)
			}
		}
	}
	for part := range leftOut() {
		if !known[part] {
			t.Errorf("%s is said to be left out, and nobody exports it any more", part)
		}
	}
	t.Logf("of %d parts, %d run on a real lab in .ci/run, %d only on large ones, and %d are left out", len(known), always, onlyLarge,
		len(leftOut()))
	if always < 60 || onlyLarge < 60 {
		t.Errorf("only %d parts were found in .ci/run, and %d on large labs", always, onlyLarge)
	}
}

// Goal: parts are recognised by what they can do and by what makes them, and cases by what they are about. Method: a package and
// a test as text.
func TestPartsAreFound(t *testing.T) {
	parse := func(text string) []*ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package rain\n"+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		return []*ast.File{file}
	}
	got := exportedParts("rain", parse(`
		type Flood struct{}
		func (Flood) Describe() string { return "" }
		func (f Flood) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) { return nil, nil }
		type hidden struct{}
		func (*hidden) Name() string { return "" }
		func (*hidden) Steps() []harness.Step { return nil }
		func Dry(n int) harness.Probe { return nil }
		func Gauges() []harness.Probe { return nil }
		func Heavy() Flood { return Flood{} }
		func wet() harness.Probe { return nil }
		type Site struct{}
		func (s Site) Dry() probe.NetworkProbe { return probe.NetworkProbe{} }
		func (s Site) Nodes() []string { return nil }
	`))
	want := []string{"rain.Dry", "rain.Flood", "rain.Gauges", "rain.Heavy", "rain.Site.Dry"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	tested := testedParts("rain", parse(`
		var cases = map[string]labtest.FaultCase{"a": {Fault: Flood{}, Recovery: Unasked()}}
		var others = []labtest.ProbeCase{{Probe: site.Dry()}, {Probe: helper()}, {Probe: sun.Shines(1)}}
		func helper() harness.Probe { return Gauges()[0] }
	`), everyFile)
	for part, isIn := range map[string]bool{
		"rain.Flood": true, "rain.Site.Dry": true, "rain.Gauges": true, "sun.Shines": true, "rain.Unasked": false, "rain.Dry": false,
	} {
		if isTested(part, tested) != isIn {
			t.Errorf("%s is tested: %t", part, !isIn)
		}
	}
}

// Goal: what only large labs have is told from what every run has. Method: a lab of each kind as text, with a helper of both.
func TestLargeLabsAreTold(t *testing.T) {
	parse := func(text string) *ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package rain\n"+text, 0)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	tests := []*ast.File{
		parse(`var _ = Describe("a brook", Ordered, func() { use(labtest.ProbeCase{Probe: sun.Shines(1)}) })`),
		parse(`var _ = Describe("a sea", Label(large, "salt"), Ordered, func() { use(labtest.ProbeCase{Probe: helper()}) })`),
		parse(`func helper() harness.Probe { return sun.Sets(2) }`),
	}
	onLarge := testedParts("rain", tests, isLarge)
	everywhere := testedParts("rain", tests, func(file *ast.File) bool { return !isLarge(file) })
	for part, want := range map[string][2]bool{"sun.Shines": {true, false}, "sun.Sets": {false, true}} {
		if got := [2]bool{everywhere[part], onLarge[part]}; got != want {
			t.Errorf("%s is found in every run and on large labs: %t, want %t", part, got, want)
		}
	}
}
