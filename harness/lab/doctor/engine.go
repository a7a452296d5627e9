package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/module"
	"github.com/reprise-dr/reprise/harness/internal/paths"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// doctorLab marks what the doctor creates for a moment, so that `make clean` finds it after a crash.
const doctorLab = "doctor"

// Free disk space, in bytes, for compiling the largest product and building its image.
const (
	enoughDisk = 20 << 30
	littleDisk = 2 << 30 // below this not even present images run for long
)

func checkDisk(_ context.Context, examined *machine) (Health, string, string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	folders := []string{cache}
	if examined.local {
		folders = append(folders, examined.info.DockerRootDir)
	}
	health, details := Healthy, []string{}
	for _, folder := range folders {
		free, err := freeSpace(folder)
		if err != nil {
			return Warning, fmt.Sprintf("the space below %s is unknown: %v", folder, err), fmt.Sprintf("see to it that %d GiB are free",
				enoughDisk>>30)
		}
		details = append(details, fmt.Sprintf("%.1f GiB free below %s", float64(free)/(1<<30), folder))
		switch {
		case free < littleDisk:
			health = Missing
		case free < enoughDisk && health == Healthy:
			health = Warning
		}
	}
	if health == Healthy {
		return health, strings.Join(details, ", "), ""
	}
	return health, strings.Join(details, ", "), fmt.Sprintf(
		"make room: building every image takes %d GiB (docker system df and go clean -cache show and free some)", enoughDisk>>30)
}

// freeSpace is what an ordinary user may still write below a folder, or below the first folder
// above it that exists.
func freeSpace(folder string) (uint64, error) {
	for !paths.Exists(folder) && strings.Contains(strings.Trim(folder, "/"), "/") {
		folder = folder[:strings.LastIndexByte(folder, '/')]
	}
	var state syscall.Statfs_t
	if err := syscall.Statfs(folder, &state); err != nil {
		return 0, fmt.Errorf("look at %s: %w", folder, err)
	}
	return state.Bavail * uint64(state.Bsize), nil
}

// checkNetworks creates networks as labs have them, and has two containers with the agent's rights send to each other there.
func checkNetworks(ctx context.Context, examined *machine) (Health, string, string) {
	reference, err := image.Find(ctx, examined.engine, image.Agent())
	if err != nil {
		return Warning, fmt.Sprintf("not tried: %v", err), imagesFirst()
	}
	return examined.crosses(ctx, reference)
}

// crosses says what crosses the engine's networks, tried with the agent's image.
func (p *machine) crosses(ctx context.Context, reference string) (Health, string, string) {
	labels := map[string]string{engine.LabelLab: doctorLab}
	kinds := []bool{false}
	if p.engine.Podman() {
		kinds = append(kinds, true) // it makes another kind for routers
	}
	var problems []string
	var names string
	for i, routed := range kinds {
		report, err := tryBridge(ctx, p.engine, reference, labels, routed)
		var dead deadBridgeError
		if errors.As(err, &dead) && routed {
			problems = append(problems, "in networks as routers need them, "+dead.Error())
			continue
		}
		if err != nil {
			return explainNetworks(err)
		}
		names = report.Hosts
		problems = append(problems, movedProblem(report))
		if i == len(kinds)-1 {
			problems = append(problems, routedProblem(report))
		}
	}
	slices.Sort(problems)
	if found := strings.Trim(strings.Join(slices.Compact(problems), ", "), ", "); found != "" {
		return Warning, found, "drills with routers, or in which nodes are renumbered, do not work: " + BridgeAdvice
	}
	if names != "" {
		return Warning, "nodes find the machine's own names in /etc/hosts: " + names,
			`set base_hosts_file = "none" in the section [containers] of containers.conf; drills run`
	}
	return Healthy, "they have IPv6 and let pass what crosses them, whatever its addresses", ""
}

// explainNetworks says why there can be no lab.
func explainNetworks(err error) (Health, string, string) {
	var none noBridgeError
	var refused *refusedError
	switch {
	case errors.As(err, &none):
		return Missing, fmt.Sprintf("no network with IPv6 can be created: %v", err),
			"enable IPv6 in the kernel (sysctl net.ipv6.conf.all.disable_ipv6=0) and in the engine: labs are dual stack"
	case errors.As(err, &refused):
		return Missing, fmt.Sprintf("no container starts in a network: %v", err),
			"mend what the engine says; a rootless one needs /dev/net/tun"
	}
	return Missing, err.Error(), BridgeAdvice
}

// checkCapabilities starts the agent's container with each set of capabilities a drill may need.
// Engines differ in what they can grant, and say so only when a container starts.
func checkCapabilities(ctx context.Context, examined *machine) (Health, string, string) {
	reference, err := image.Find(ctx, examined.engine, image.Agent())
	if err != nil {
		return Warning, fmt.Sprintf("not tried: %v", err), imagesFirst()
	}
	needed := agent.Capabilities()
	if err := examined.grants(ctx, reference, needed); err != nil {
		return Missing, fmt.Sprintf("the engine does not grant %s: %v", strings.Join(needed, " "), err),
			"use an engine that may grant them"
	}
	// Nodes that need more say so in their topology. SYS_ADMIN is the one most of them name.
	const common = "SYS_ADMIN"
	if err := examined.grants(ctx, reference, append(needed, common)); err != nil {
		return Warning, fmt.Sprintf("%s granted, %s not: %v", strings.Join(needed, " "), common, err),
			"drills whose nodes need it fail at their start"
	}
	return Healthy, strings.Join(append(needed, common), " ") + " granted", ""
}

// imagesFirst is the advice where the agent's image is not in the engine yet.
func imagesFirst() string {
	return fmt.Sprintf("run `%s`, then `%s` again", module.Command("images"), module.Command("doctor"))
}

// checkContainers tries what nodes need that run containers of their own, as k3s does.
func checkContainers(ctx context.Context, examined *machine) (Health, string, string) {
	return examined.passes(ctx, trials()[0], harness.ContainerCapabilities(),
		"drills with Kubernetes are skipped, with this reason; others run")
}

// checkDisks tries what nodes need that have disks which can fail.
func checkDisks(ctx context.Context, examined *machine) (Health, string, string) {
	advice := "drills whose nodes have disks are skipped, with this reason; others run"
	if examined.engine.Podman() {
		advice += " (Podman lets nodes have loop devices from 4.4 on, and only root's does)"
	}
	mounts := harness.Capabilities{"SYS_ADMIN": "it mounts its disks"}
	return examined.passes(ctx, trials()[1], mounts, advice)
}

// passes runs a trial. What fails only keeps some drills from running, which the advice says.
func (p *machine) passes(
	ctx context.Context, trial trial, capabilities harness.Capabilities, advice string,
) (Health, string, string) {
	reference, err := image.Find(ctx, p.engine, image.Agent())
	if err != nil {
		return Warning, fmt.Sprintf("not tried: %v", err), imagesFirst()
	}
	if err := trial.run(ctx, p.engine, reference, capabilities, map[string]string{engine.LabelLab: doctorLab}); err != nil {
		return Warning, err.Error(), advice
	}
	return Healthy, "there can be nodes " + trial.kind, ""
}

// grants starts a container with the capabilities and takes it away again.
func (p *machine) grants(ctx context.Context, reference string, capabilities []string) (err error) {
	host := &container.HostConfig{NetworkMode: "none"}
	engine.Confine(host, capabilities)
	id, remove, err := createForTrial(ctx, p.engine,
		&container.Config{Image: reference, Labels: map[string]string{engine.LabelLab: doctorLab}, OpenStdin: true},
		host, nil,
	)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if _, err := p.engine.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return &refusedError{err}
	}
	return nil
}

func checkImages(ctx context.Context, examined *machine) (Health, string, string) {
	var absent []string
	for _, wanted := range append([]harness.Image{image.Agent()}, examined.images...) {
		present, err := examined.has(ctx, wanted)
		if err != nil {
			return Warning, fmt.Sprintf("image %s: %v", wanted, err), fmt.Sprintf("run `%s` to see more", module.Command("images"))
		}
		if !present {
			absent = append(absent, wanted.String())
		}
	}
	if len(absent) > 0 {
		return Warning, "not in the engine yet: " + strings.Join(absent, ", "),
			fmt.Sprintf("run `%s`, or let the first drill wait for them", module.Command("images"))
	}
	return Healthy, fmt.Sprintf("all %d in the engine", len(examined.images)+1), ""
}

// has tells whether the engine has the image, pulled or built.
func (p *machine) has(ctx context.Context, wanted harness.Image) (bool, error) {
	_, err := image.Find(ctx, p.engine, wanted)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// checkRegistry has the engine ask a registry about an image, since its way there may be another
// than this machine's.
func checkRegistry(ctx context.Context, examined *machine) (Health, string, string) {
	const advice = "nothing has to be done: images are built here instead, which takes minutes the first time"
	allowed, err := image.PullAllowed()
	switch {
	case err != nil:
		return Missing, err.Error(), fmt.Sprintf("unset %s or set it to never", image.PullVariable)
	case !allowed:
		return Healthy, image.PullVariable + "=never: not asked", ""
	}
	first, published := firstPublished(examined.images)
	if !published {
		return Healthy, "no image is published: not asked", ""
	}
	took, err := image.AskRegistry(ctx, examined.engine, first)
	if errors.Is(err, image.ErrCannotAsk) {
		return Healthy, fmt.Sprintf("%v: not asked", err), ""
	}
	if err != nil {
		return Warning, fmt.Sprintf("the engine cannot ask about %s: %v", first.Reference, err), advice
	}
	return Healthy, fmt.Sprintf("answered in %v", took.Round(time.Millisecond)), ""
}

func firstPublished(images []harness.Image) (harness.Image, bool) {
	at := slices.IndexFunc(images, func(image harness.Image) bool { return image.Reference != "" })
	if at < 0 {
		return harness.Image{}, false
	}
	return images[at], true
}
