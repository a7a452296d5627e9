package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// A Health says what a finding of [Examine] means for drills.
type Health string

// The healths, from good to bad.
const (
	Healthy Health = "ok"
	Warning Health = "warn"    // drills run, more slowly or not all of them
	Missing Health = "missing" // no drill can run
)

// A Finding is the answer to one question about this machine or its engine.
type Finding struct {
	Subject string // what was looked at, such as "registry"
	Health  Health
	Detail  string // what was found
	Advice  string // what to do about it; empty when all is well
}

// A machine, with its engine, is what the checks look at.
type machine struct {
	engine *engine.Engine
	info   system.Info
	local  bool // the engine runs on this machine
	images []harness.Image

	sources func(ctx context.Context, release string) error // whether this machine has packages of a Debian release
}

// A check looks at one thing.
type check struct {
	subject string
	look    func(context.Context, *machine) (Health, string, string)
}

// disturbing are the checks that create something on the engine, which others would notice.
var disturbing = []string{"networks", "capabilities", "containers in nodes", "disks of nodes"}

// machineChecks are in the order in which a person wants to read about them.
var machineChecks = []check{
	{"machine", checkMachine},
	{"disk", checkDisk},
	{"limits", checkLimits},
	{"networks", checkNetworks},
	{"capabilities", checkCapabilities},
	{"containers in nodes", checkContainers},
	{"disks of nodes", checkDisks},
	{"go", checkGo},
}

// imageChecks are about the images that will be wanted, in that order too.
var imageChecks = []check{
	{"images", checkImages},
	{"registry", checkRegistry},
	{"packages", checkPackages},
}

// Examine looks at the engine and this machine for what drills need, with the images that will be
// wanted. It changes nothing that stays: the network and the containers it tries are removed again, and
// are not tried while somebody measures there. Where the engine cannot be reached, that is the only finding.
// What the caller is doing is for others to read, see [engine.TakeLock].
func Examine(ctx context.Context, images []harness.Image, doing string) []Finding {
	return examine(ctx, images, doing, slices.Concat(machineChecks, imageChecks))
}

// ExamineMachine is [Examine] for who does not know which images will be wanted.
func ExamineMachine(ctx context.Context, doing string) []Finding {
	return examine(ctx, nil, doing, machineChecks)
}

// ExamineImages is the part of [Examine] that is about images: which are in the engine, and from where the others can be had.
func ExamineImages(ctx context.Context, images []harness.Image) []Finding {
	connection, err := engine.Connect(ctx)
	if err != nil {
		return []Finding{{Subject: "engine", Health: Missing, Detail: err.Error()}}
	}
	defer connection.Close()
	findings := examineEngine(ctx, connection, images, imageChecks, nil)
	return findings[min(1, len(findings)-1):] // unless the engine does not even describe itself
}

func examine(ctx context.Context, images []harness.Image, doing string, checks []check) []Finding {
	connection, err := engine.Connect(ctx)
	if err != nil {
		return []Finding{{Subject: "engine", Health: Missing, Detail: err.Error()}}
	}
	defer connection.Close()
	lock, err := engine.TakeLock(ctx, connection, engine.Shared, doing, nil)
	if lock != nil {
		defer lock.Release()
	}
	return examineEngine(ctx, connection, images, checks, err)
}

// examineEngine has the checks look at an engine that answers. One that somebody else keeps busy is only looked at.
func examineEngine(ctx context.Context, connection *engine.Engine, images []harness.Image, checks []check, busy error) []Finding {
	findings := make([]Finding, len(checks)+1)
	examined, finding := describeEngine(ctx, connection, images)
	findings[0] = finding
	if examined == nil {
		return findings[:1]
	}
	var group sync.WaitGroup
	for index, check := range checks {
		group.Go(func() {
			if busy != nil && slices.Contains(disturbing, check.subject) {
				advice := fmt.Sprintf("run `%s` again then", module.Command("doctor"))
				findings[index+1] = Finding{check.subject, Warning, fmt.Sprintf("not tried: %v", busy), advice}
				return
			}
			health, detail, advice := check.look(ctx, examined)
			findings[index+1] = Finding{check.subject, health, detail, advice}
		})
	}
	group.Wait()
	if healthy := !slices.ContainsFunc(findings, Finding.unwell); healthy {
		return findings
	}
	if again, finding := describeEngine(ctx, connection, images); again == nil { // the others would say the same in other words
		return []Finding{finding}
	}
	return findings
}

// unwell tells whether there is something to say.
func (f Finding) unwell() bool { return f.Health != Healthy }

// describeEngine asks the engine who it is.
func describeEngine(ctx context.Context, connection *engine.Engine, images []harness.Image) (*machine, Finding) {
	info, err := connection.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, Finding{"engine", Missing, fmt.Sprintf("it answers, but does not describe itself: %v", err), "restart it"}
	}
	host := connection.DaemonHost()
	examined := &machine{
		engine: connection, info: info.Info, local: strings.HasPrefix(host, "unix://"), images: images,
		sources: image.AptSources,
	}
	name := "Docker"
	if connection.Podman() {
		name = "Podman"
	}
	detail := fmt.Sprintf("%s %s at %s, API %s, cgroup v%s, storage %s",
		name, info.Info.ServerVersion, host, connection.ClientVersion(), info.Info.CgroupVersion, info.Info.Driver)
	return examined, Finding{"engine", Healthy, detail, ""}
}

// What figures can be trusted on. The smallest machine drills were measured on has two processors.
const (
	enoughProcessors = 2
	enoughMemory     = 4 << 30 // bytes; seven nodes of the largest topology and a compiler
)

func checkMachine(_ context.Context, examined *machine) (Health, string, string) {
	detail := fmt.Sprintf("%d processors, %.1f GiB of memory, kernel %s", examined.info.NCPU,
		float64(examined.info.MemTotal)/(1<<30), examined.info.KernelVersion)
	if examined.info.NCPU < enoughProcessors || examined.info.MemTotal < enoughMemory {
		return Warning, detail, fmt.Sprintf("give the engine %d processors and %d GiB: with less, drills run into their time limits",
			enoughProcessors, enoughMemory>>30)
	}
	return Healthy, detail, ""
}

// checkLimits says what the engine cannot bound of what nodes take.
func checkLimits(_ context.Context, examined *machine) (Health, string, string) {
	var lacking []string
	for _, limit := range []struct {
		of    string
		there bool
	}{
		{"memory", examined.info.MemoryLimit}, {"swap", examined.info.SwapLimit}, {"processes", examined.info.PidsLimit},
	} {
		if !limit.there {
			lacking = append(lacking, limit.of)
		}
	}
	if len(lacking) > 0 {
		return Warning, "the engine cannot limit what nodes take of " + strings.Join(lacking, ", "),
			"give it the kernel's control groups memory and pids; drills run, and a product that takes everything takes the machine's"
	}
	return Healthy, "memory, processes and logs of nodes have limits", ""
}

func checkGo(ctx context.Context, _ *machine) (Health, string, string) {
	version, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return Missing, fmt.Sprintf("the go command does not work: %v", err),
			"install Go: it compiles the agent, the scenarios and the products"
	}
	return Healthy, strings.TrimSpace(string(version)), ""
}
