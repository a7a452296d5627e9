package harness_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of this module.
const module = "github.com/reprise-dr/reprise"

// An arrow is one import: a file of a package, below the module, imports a path.
type arrow struct {
	from string // package below the module, such as "harness/lab"
	file string // below the module
	to   string // as imported, but below the module where it belongs to it: "./harness"
}

// A rule says which imports there must not be. All expressions match whole paths.
type rule struct {
	from, except string // packages it is about, and those among them it is not about
	to, allowed  string // imports it forbids, and those among them it allows
	tests        string // imports it allows in tests besides
	why          string
}

// systems are packages of which each drives one product.
const systems = `harness/systems/[^/]+(/.*)?`

// inMemory is the lab that tests use in place of a real one.
const inMemory = `\./harness/labtest`

// fakeEngine is the container engine that tests use in place of a real one.
const fakeEngine = `\./harness/lab/engine/enginetest`

// testkit has what tests say alike: those of any package may import it.
const testkit = "./harness/internal/testkit"

var rules = []rule{
	{
		from: `harness`, to: `.*`, allowed: standardLibrary, tests: `\./harness|\./harness/labtest|\./harness/internal/.*`,
		why: "package harness is the vocabulary: it can be read, tested and kept for ever because it knows nothing but the " +
			"standard library",
	},
	{
		from: `.*`, except: `harness/lab(/.*)?`,
		to:  `github\.com/(testcontainers|moby/moby|docker/docker)(/.*)?`,
		why: "only harness/lab talks to the container engine: everything else gets an Observer, an Operator or a Lab, and cannot cheat",
	},
	{
		from: `.*`, except: `scenarios/.*|harness/(suite|selftest)(/.*)?|harness/cmd/reprise(/.*)?`,
		to:  `github\.com/onsi/(ginkgo|gomega)(/.*)?`,
		why: "only suites assert: helpers return errors, so that they also serve other test frameworks and programs",
	},
	{
		from: `harness/cmd/reprise(/.*)?`, to: `github\.com/onsi/(ginkgo|gomega)(/.*)?`, allowed: `github\.com/onsi/ginkgo/v2/types`,
		why: "the CLI starts the runner and reads its report: it asserts nothing",
	},
	{
		from: `.*`, except: `scenarios/.*`, to: `\./scenarios(/.*)?`,
		why: "nobody imports the scenarios: they are the end of every arrow",
	},
	{
		from: `.*`, to: `\./harness/(.*/)?cmd/[^/]+`,
		why: "programs are not libraries",
	},
	{
		from: `harness/cmd/reprise/.*`, except: `.*/usage`, to: `github\.com/urfave/cli(/.*)?`,
		why: "flags are the command's: what it does with them is called like any other function",
	},
	{
		from: `harness/cmd/reprise/internal/.*`, except: `.*/(readme|bench|survive)`, to: `\./harness/cmd/reprise/internal/.*`,
		allowed: `.*/(usage|repository|leftovers)`,
		why:     "what runs suites knows nothing of what is done with runs, and what it is made of knows nothing of runs",
	},
	{
		from: `harness/cmd/reprise/internal/.*`, to: `\./harness/cmd/reprise/internal/(readme|survive)`,
		why: "what the track record shows is left by others, who do not know it",
	},
	{
		from: `.*`, except: `scenarios/.*|harness/(selftest/.*|suite|drilltest)`, to: `\./harness/(suite|selftest)(/.*)?`,
		allowed: `\./harness/selftest/(calibration|survival|verdicts)|\./harness/suite/(contract|outcome)`, tests: `\./harness/suite`,
		why: "suites are programs that the command runs: nothing that they are made of knows them, but what they are told and the " +
			"results that those leave which test the harness",
	},
	{
		from: `harness/suite/contract`, to: `.*`, allowed: standardLibrary,
		why: "the contract between the command and the suites binds neither to what the other needs",
	},
	{
		from: `harness/suite/outcome`, to: `github\.com/onsi/.*|\./.*`,
		allowed: `github\.com/onsi/ginkgo/v2/types|\./harness|\./harness/suite/contract|\./reports`,
		why:     "what the runner's report says is read without the runner, and without what suites are made of",
	},
	{
		from: `harness/(suite/(conduct|plaintest)|drilltest)`, to: `github\.com/onsi/.*|\./harness/suite`,
		why: "a drill in a test is the same in every framework, and needs none",
	},
	{
		from: `harness/drilltest`, to: `\./.*`,
		allowed: `\./harness|\./harness/suite/(conduct|contract|plaintest)|\./harness/internal/(module|redact)|\./reports`,
		tests:   `\./fixtures|\./harness/(drilltest|fault|labtest|probe|runbook)|` + fakeEngine,
		why:     "plain tests get what suites share, and have nothing of their own but the words of package testing",
	},
	{
		from: `.*`, except: `harness/(suite|drilltest|selftest/.*)|scenarios/.*`, to: `\./harness/drilltest`,
		why: "drills are the end of every arrow",
	},
	{
		from: `harness/suite/plaintest`, to: `\./.*`,
		allowed: `\./harness/(lab/.*|suite/contract|internal/.*)|\./reports`, tests: `\./harness|\./harness/judge`,
		why: "the run of a plain go test makes a folder and takes an engine, whoever asserts and whatever is drilled",
	},
	{
		from: `harness/lab/turn`, to: `\./.*`, allowed: `\./harness/lab/(engine|image)|\./harness/internal/module`,
		why: "whose turn it is on an engine is known before anything runs there",
	},
	{
		from: `harness/judge`, to: `.*`, allowed: standardLibrary + `|\./harness|\./harness/internal/words`, tests: `\./harness/internal/.*`,
		why: "the judge is pure: a verdict follows from a record and nothing else",
	},
	{
		from: `harness/drift`, to: `.*`, allowed: standardLibrary + `|\./harness|\./harness/internal/words`, tests: inMemory + `|\./harness/internal/.*`,
		why: "what differs follows from two looks at a node, whoever took them",
	},
	{
		from: `harness/probe`, to: `\./.*`, allowed: `\./harness`, tests: inMemory,
		why: "these probes know no product, and ask through the Observer they are given",
	},
	{
		from: `harness/drill`, to: `\./.*`, allowed: `\./harness|\./harness/(judge|drift)|\./harness/internal/.*`,
		tests: `\./harness/(fault|labtest|probe|runbook)`,
		why:   "a drill runs whatever faults, probes and runbooks it is given, in whatever lab",
	},
	{
		from: `.*`, except: `scenarios/.*|harness/(suite|selftest|cmd)(/.*)?`, to: `\./harness/drill`,
		why: "only who runs drills knows how one is run",
	},
	{
		from: `harness/agent(/.*)?`, to: `\./.*`, allowed: `\./harness|\./harness/agent(/.*)?|\./harness/drift|\./harness/internal/.*`,
		why: "the agent runs alone in a node: whatever it imports is shipped there",
	},
	{
		from: `harness/lab(/.*)?`, to: `\./.*`, allowed: `\./harness|\./harness/(lab|agent)(/.*)?|\./harness/internal/.*`,
		why: "siblings never import each other: the lab makes any topology, whatever runs in it and whoever reports on it",
	},
	{
		from: `harness/lab/engine`, to: `\./.*`, allowed: `\./harness|\./harness/agent|\./harness/internal/.*`, tests: fakeEngine,
		why: "the engine is below all else of a lab: whatever is made on it is made through it",
	},
	{
		from: `harness/lab/image`, to: `\./.*`, allowed: `\./harness|\./harness/(agent|lab/engine)|\./harness/internal/.*`,
		why: "images are there before a lab is: who makes them needs an engine and nothing else",
	},
	{
		from: `harness/lab/doctor`, to: `\./.*`, allowed: `\./harness|\./harness/(agent|lab/(engine|image))|\./harness/internal/.*`,
		tests: fakeEngine,
		why:   "the doctor comes before the first lab: a lab asks it, and it asks no lab",
	},
	{
		from: `.*`, to: fakeEngine, tests: fakeEngine,
		why: "a stand-in for an engine is for tests",
	},
	{
		from: `harness/fault(/.*)?`, to: `\./.*`, allowed: `\./harness|\./harness/fault(/.*)?|\./harness/internal/.*`, tests: inMemory,
		why: "siblings never import each other: these faults know no product, and act through the Lab they are given",
	},
	{
		from: `fixtures(/.*)?`, to: `\./.*`, allowed: `\./harness|\./harness/systems/role|\./fixtures(/.*)?`, tests: `\./harness/drift`,
		why: "siblings never import each other: fixtures are plain values of package harness",
	},
	{
		from: `reports(/.*)?`, to: `.*`, allowed: standardLibrary + `|\./harness|\./harness/judge|\./reports(/.*)?`,
		why: "reports are pure: everything they say follows from records, today and in ten years",
	},
	{
		from: `harness/runbook`, to: `\./.*`, allowed: `\./harness|\./harness/drift`, tests: inMemory,
		why: "these runbooks know no product, and act through the Operator they are given",
	},
	{
		from: systems, to: `\./.*`, allowed: `\./harness|\./harness/(fault|probe|runbook|drift|systems/role)|\./harness/internal/.*`, tests: inMemory,
		why: "siblings never import each other: a system is driven through the capabilities in package harness",
	},
	{
		from: `harness/labtest`, to: `\./.*`, allowed: `\./harness|\./harness/drift|\./harness/internal/.*`,
		why: "the lab in memory stands for any lab, whatever is tested with it",
	},
	{
		from: `harness/internal/.*`, to: `\./.*`, allowed: `\./harness|\./harness/probe|\./harness/internal/.*`, tests: inMemory,
		why: "what the systems share knows none of them",
	},
}

// standardLibrary matches its import paths: the first element of all others has a dot.
const standardLibrary = `[^./]+(/.*)?`

// forbids tells whether the rule is broken by the arrow. A system may import what is below itself,
// which no expression can say.
func (r rule) forbids(a arrow) bool {
	if !whole(r.from, a.from) || r.except != "" && whole(r.except, a.from) || !whole(r.to, a.to) {
		return false
	}
	if isTest(a.file) && a.to == "./"+a.from { // a test from outside the package that it tests
		return false
	}
	if isTest(a.file) && a.to == testkit {
		return false
	}
	if r.from == systems && whole(`\./`+systems, a.to) && system(a.from) == system(strings.TrimPrefix(a.to, "./")) {
		return false
	}
	if r.tests != "" && isTest(a.file) && whole(r.tests, a.to) {
		return false
	}
	return r.allowed == "" || !whole(r.allowed, a.to)
}

// system is the third element of a path such as "harness/systems/nomad/internal/api".
func system(path string) string { return strings.Split(path, "/")[2] }

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

func whole(expression, text string) bool {
	if expressions[expression] == nil {
		expressions[expression] = regexp.MustCompile(`^(?:` + expression + `)$`)
	}
	return expressions[expression].MatchString(text)
}

// expressions are those of the rules, which are asked about thousands of imports.
var expressions = map[string]*regexp.Regexp{}

// broken lists the arrows that a rule forbids, each with the reason.
func broken(arrows []arrow) []string {
	var sentences []string
	for _, a := range arrows {
		for _, r := range rules {
			if r.forbids(a) {
				sentences = append(sentences, fmt.Sprintf("%s imports %s: %s", a.file, strings.TrimPrefix(a.to, "./"), r.why))
			}
		}
	}
	return sentences
}

// Goal: the packages know only what the design lets them know. Method: the imports of every file of
// the module, tests included, are held against the rules. That the packages were found at all is
// checked too: an empty list of files would break no rule.
func TestArrows(t *testing.T) {
	arrows, err := readArrows("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, sentence := range broken(arrows) {
		t.Error(sentence)
	}
	for _, from := range []string{
		"harness", "harness/lab", "harness/fault", "harness/systems/nomad", "fixtures", "reports",
		"harness/suite",
	} {
		if !slices.ContainsFunc(arrows, func(a arrow) bool { return a.from == from }) {
			t.Errorf("no import of package %s was found: is it still there?", from)
		}
	}
}

// Goal: every rule can be broken, so that the test above can fail. Method: arrows that break a rule,
// each with a neighbour that does not; every rule has to be among the broken ones.
func TestArrowsCanBreak(t *testing.T) {
	var seen []string
	for _, test := range []struct{ from, forbidden, fine string }{
		{"harness", "golang.org/x/sync/errgroup", "log/slog"},
		{"harness", "./harness/lab", "context"},
		{"harness/systems/nomad", "github.com/moby/moby/client", "github.com/hashicorp/nomad/api"},
		{"scenarios/renumbering", "github.com/testcontainers/testcontainers-go", "github.com/onsi/ginkgo/v2"},
		{"harness/fault", "github.com/onsi/gomega", "testing"},
		{"harness/cmd/reprise", "github.com/onsi/ginkgo/v2", "github.com/onsi/ginkgo/v2/types"},
		{"harness/cmd/reprise/internal/run", "github.com/onsi/gomega", "github.com/onsi/ginkgo/v2/types"},
		{"harness/cmd/reprise/internal/run", "./harness/suite", "./harness/suite/contract"},
		{"harness/cmd/reprise/internal/run", "github.com/urfave/cli/v3", "./harness/selftest/verdicts"},
		{"harness/cmd/reprise/internal/run", "./harness/cmd/reprise/internal/bench", "./harness/cmd/reprise/internal/repository"},
		{"harness/cmd/reprise/internal/leftovers", "./harness/cmd/reprise/internal/run", "./harness/lab"},
		{"harness/cmd/reprise/internal/bench", "./harness/cmd/reprise/internal/readme", "./harness/cmd/reprise/internal/leftovers"},
		{"harness/lab", "./harness/agent/cmd/reprise-agent", "./harness/agent"},
		{"harness/suite", "./scenarios/renumbering", "./fixtures"},
		{"harness/suite/contract", "./harness", "os"},
		{"harness/suite/outcome", "github.com/onsi/ginkgo/v2", "github.com/onsi/ginkgo/v2/types"},
		{"harness/lab/turn", "./harness/lab", "./harness/lab/engine"},
		{"harness/suite/plaintest", "./harness/drill", "./harness/lab/turn"},
		{"harness/suite/conduct", "github.com/onsi/ginkgo/v2", "./harness/drill"},
		{"harness/drilltest", "./harness/drift", "./harness/suite/conduct"},
		{"harness/lab", "./harness/drilltest", "./harness"},
		{"harness/lab", "./harness/suite", "./harness"},
		{"harness/agent/internal/protocol", "./harness/lab", "./harness"},
		{"harness/lab", "./fixtures", "./harness"},
		{"harness/lab/engine", "./harness/lab/image", "./harness/agent"},
		{"harness/lab/image", "./harness/lab", "./harness/lab/engine"},
		{"harness/lab/doctor", "./harness/lab", "./harness/lab/image"},
		{"harness/lab", "./harness/lab/engine/enginetest", "./harness/lab/engine"},
		{"harness/fault", "./harness/systems/nomad", "./harness/internal/raft"},
		{"fixtures", "./harness/lab", "./harness"},
		{"reports", "github.com/urfave/cli/v3", "html/template"},
		{"reports", "./fixtures", "./harness"},
		{"harness/systems/nomad", "./harness/systems/consul", "./harness/systems/nomad/internal/api"},
		{"harness/systems/etcd", "./harness/lab", "./harness/systems/etcd/internal/api"},
		{"harness/systems/consul", "./harness/lab", "./harness/fault"},
		{"harness/internal/raft", "./harness/systems/consul", "./harness"},
		{"harness/internal/raft", "./harness/labtest", "./harness"},
		{"harness/runbook", "./harness/systems/consul", "./harness"},
		{"harness/judge", "./harness/drift", "./harness/internal/words"},
		{"harness/drift", "./harness/internal/raft", "./harness/internal/words"},
		{"harness/probe", "./harness/systems/vrrp", "./harness"},
		{"harness/drill", "./harness/fault", "./harness/judge"},
		{"harness/fault", "./harness/drill", "./harness"},
		{"harness/labtest", "./harness/systems/consul", "./harness/internal/disks"},
	} {
		sentences := broken([]arrow{{test.from, test.from + "/file.go", test.forbidden}})
		if sentences == nil {
			t.Errorf("%s may import %s", test.from, test.forbidden)
		}
		seen = append(seen, sentences...)
		for _, sentence := range broken([]arrow{{test.from, test.from + "/file.go", test.fine}}) {
			t.Errorf("it is forbidden that %s", sentence)
		}
	}
	for _, r := range rules {
		if !slices.ContainsFunc(seen, func(sentence string) bool { return strings.HasSuffix(sentence, ": "+r.why) }) {
			t.Errorf("nothing above breaks the rule about %s that %s", r.from, r.why)
		}
	}
}

// readArrows reads the imports of every Go file below root that belongs to the module.
func readArrows(root string) ([]arrow, error) {
	var arrows []arrow
	err := eachGoFile(root, func(file, below string) error {
		imports, err := readImports(file)
		for _, to := range imports {
			arrows = append(arrows, arrow{from: path.Dir(below), file: below, to: to})
		}
		return err
	})
	return arrows, err
}

// eachGoFile calls do with every Go file below root that belongs to the module, tests included, and with its path below root.
func eachGoFile(root string, do func(file, below string) error) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		below = filepath.ToSlash(below)
		if entry.IsDir() {
			if ignored := below != "." && strings.HasPrefix(entry.Name(), "."); ignored || entry.Name() == "testdata" ||
				below == "reports/out" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(below, ".go") {
			return nil
		}
		return do(file, below)
	})
}

func readImports(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var imports []string
	for _, spec := range parsed.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if below, ours := strings.CutPrefix(to, module+"/"); ours {
			to = "./" + below
		}
		imports = append(imports, to)
	}
	return imports, nil
}
