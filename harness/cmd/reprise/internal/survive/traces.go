package survive

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/leftovers"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/selftest/survival"
)

// traces are everything that a run could leave behind: a [stock], and what a lab or a build make besides.
type traces struct {
	stock leftovers.Stock
	loops []string // loop devices in use
	rules []string // of the firewall, without counters
	files []string // temporary ones
	tree  []string // processes of the run, also those that have lost their parents
}

// A traceFinder knows where to look for traces.
type traceFinder struct {
	engine  leftovers.Look
	folders []string // whose files are all temporary
	cache   string   // whose folders keep what took long to make, and what a build under way has made so far
	sources string   // where the run's suite is compiled
}

// find looks at everything. What is made from the survival image is the run's, also in a build.
func (f traceFinder) find(ctx context.Context, cell, run string) (traces, error) {
	taken, err := leftovers.Take(ctx, func(ctx context.Context) (engine.Inventory, error) {
		inventory, err := f.engine(ctx)
		for i, container := range inventory.Containers {
			if container.Image == survival.ImageName {
				inventory.Containers[i].Run = run
			}
		}
		return inventory, err
	})
	if err != nil {
		return traces{}, err
	}
	found := traces{stock: taken, loops: loopDevices("/sys/block"), rules: firewallRules(ctx)}
	tree, err := treeOf("/proc", cell)
	if err != nil {
		return traces{}, err
	}
	for _, process := range tree {
		found.tree = append(found.tree, process.String())
	}
	found.files, err = f.temporaryFiles()
	return found, err
}

// loopDevices are those below a /sys/block that are in use.
func loopDevices(block string) []string {
	paths, _ := filepath.Glob(filepath.Join(block, "loop*", "loop", "backing_file")) // the pattern is right
	var loops []string
	for _, path := range paths {
		backing, err := os.ReadFile(path)
		if err == nil {
			device := filepath.Base(filepath.Dir(filepath.Dir(path)))
			loops = append(loops, fmt.Sprintf("%s (%s)", device, strings.TrimSpace(string(backing))))
		}
	}
	return loops
}

// firewallPrograms print all rules of the machine.
var firewallPrograms = [][]string{{"iptables-save"}, {"ip6tables-save"}, {"nft", "-s", "list", "ruleset"}}

// rulesHidden says why this program cannot see rules of the firewall; "" when it can.
func rulesHidden(ctx context.Context) string {
	if os.Geteuid() != 0 {
		return "only root sees them"
	}
	for _, program := range firewallPrograms {
		if exec.CommandContext(ctx, program[0], program[1:]...).Run() == nil { //nolint:gosec // one of three
			return ""
		}
	}
	return "none of iptables-save, ip6tables-save and nft runs"
}

// firewallRules are those of the machine, none where they cannot be seen, see rulesHidden.
func firewallRules(ctx context.Context) []string {
	var rules []string
	for _, program := range firewallPrograms {
		output, err := exec.CommandContext(ctx, program[0], program[1:]...).Output() //nolint:gosec // one of three
		if err == nil {
			rules = append(rules, uncounted(program[0], string(output))...)
		}
	}
	return rules
}

var packetCounters = regexp.MustCompile(`\[\d+:\d+\]|\b(?:packets|bytes) \d+`)

// uncounted are the rules of an output that differ only when somebody has changed them. Each says which program showed it.
func uncounted(program, output string) []string {
	var rules []string
	for line := range strings.Lines(output) {
		line = strings.Join(strings.Fields(packetCounters.ReplaceAllString(line, "")), " ")
		if line != "" && !strings.HasPrefix(line, "#") {
			rules = append(rules, program+": "+line)
		}
	}
	return rules
}

// complete is how a cache names what is whole: by the hash of what it was made from.
var complete = regexp.MustCompile(`^[a-z-]+-[0-9a-f]{16,}$`)

// temporaryFiles are those that no run should leave: below the folders, of builds in the caches, of suites in the sources.
func (f traceFinder) temporaryFiles() ([]string, error) {
	var files []string
	for _, folder := range f.folders {
		files = append(files, entriesOf(folder)...)
	}
	for _, store := range entriesOf(f.cache) {
		for _, path := range entriesOf(store) {
			if name := filepath.Base(path); !complete.MatchString(name) && name != "locks" && filepath.Ext(name) != ".lock" {
				files = append(files, path)
			}
		}
	}
	err := filepath.WalkDir(f.sources, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !slices.Contains([]string{".go", ".md"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for temporary files: %w", err)
	}
	return files, nil
}

// entriesOf are the paths right below a folder, none when it is not there.
func entriesOf(folder string) []string {
	paths, _ := filepath.Glob(filepath.Join(folder, "*")) // the folder is this program's
	hidden, _ := filepath.Glob(filepath.Join(folder, ".*"))
	return append(paths, hidden...)
}

// A residue is what a run has left.
type residue struct {
	things []string // by kind and name
	// kept may stay until the next run when everything that could have removed it was killed at one moment.
	kept []string
}

// compareTraces lists what came with a run and stayed. Where nobody was left to remove it, an empty network is kept, with
// the rules that the engine has made for it, and what a build had not finished.
func compareTraces(before, after traces, run string, nobodyLeft bool) residue {
	var left residue
	note := func(kind string, names []string, mayStay bool) {
		for _, name := range names {
			if nobodyLeft && mayStay {
				left.kept = append(left.kept, kind+" "+name)
				continue
			}
			left.things = append(left.things, kind+" "+name)
		}
	}
	stayed := leftovers.Compare(before.stock, after.stock, run)
	empty := len(stayed.Containers) == 0
	note("container", stayed.Containers, false)
	note("network", stayed.Networks, empty)
	note("volume", stayed.Volumes, false)
	note("process", append(stayed.Processes, newNames(after.tree, before.tree)...), false)
	note("mount", stayed.Mounts, false)
	note("loop device", newNames(after.loops, before.loops), false)
	var bridges []string
	for _, network := range leftovers.Added(before.stock.Engine.Networks, after.stock.Engine.Networks) {
		bridges = append(bridges, "br-"+network.ID[:min(12, len(network.ID))])
	}
	for _, rule := range newNames(after.rules, before.rules) {
		network := slices.ContainsFunc(bridges, func(bridge string) bool { return strings.Contains(rule, bridge) })
		if !network { // the engine removes those with the network, which is told of already
			note("rule", []string{rule}, false)
		}
	}
	note("file", newNames(after.files, before.files), true)
	return left
}

// newNames are those that are new, one for each time that one is there more often.
func newNames(after, before []string) []string {
	count := map[string]int{}
	for _, name := range before {
		count[name]++
	}
	var fresh []string
	for _, name := range after {
		if count[name]--; count[name] < 0 {
			fresh = append(fresh, name)
		}
	}
	return fresh
}
