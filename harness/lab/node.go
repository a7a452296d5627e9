package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// A node is a pod: the agent's container and, unless it is the observer, the system's.
type node struct {
	harness.Node
	lab        *Lab
	agent      *agent.Client
	containers []string // identifiers, agent first
	image      string   // of the system, as the engine knows it
	reached    milestones
	removed    atomic.Pointer[string] // the identifier of the container that was taken away last
	supervisor atomic.Pointer[string] // how it has ended; nil while it has not

	reachedBefore agent.LimitsReached // by systems that were on the node before the one that is
}

func (n *node) containerName() string { return n.lab.nameOf(n.Name) }

func (n *node) systemName() string { return n.containerName() + "-system" }

// boot brings one node up: agent, address, system, files, main process.
func (n *node) boot(ctx context.Context, images image.References) error {
	n.say(stateCreating)
	if err := n.startAgent(ctx, images.Agent); err != nil {
		return fmt.Errorf("boot %s: %w", n.Name, err)
	}
	n.reached.agent = time.Now()
	if n.System.Exists() {
		if err := n.bootSystem(ctx, images); err != nil {
			return fmt.Errorf("boot %s: %w", n.Name, err)
		}
	}
	n.lab.order.ready(n.Name)
	n.say(stateUp)
	return nil
}

// bootSystem puts the system on the node and starts it when its turn has come. It returns when the system is ready.
func (n *node) bootSystem(ctx context.Context, images image.References) error {
	n.say(stateInstalling)
	n.image = images.System[n.Name]
	if err := n.install(ctx); err != nil {
		return err
	}
	if err := n.write(ctx, n.System.SeedFiles); err != nil {
		return err
	}
	n.reached.system = time.Now()
	if len(n.After) > 0 {
		n.say(stateWaiting)
	}
	if err := n.lab.order.await(ctx, n.Node); err != nil {
		return err
	}
	if err := n.agent.Start(ctx); err != nil {
		return err
	}
	if err := awaitReady(ctx, n.lab, n.Node); err != nil {
		return err
	}
	n.reached.process = time.Now()
	return nil
}

// install puts the system on the node, as its topology describes it. Nothing of it is started.
func (n *node) install(ctx context.Context) error {
	if err := n.startSystem(ctx, n.image); err != nil {
		return err
	}
	if err := n.installDisks(ctx); err != nil {
		return err
	}
	return n.write(ctx, n.System.Files)
}

// write puts files on the node, around a machine within it.
func (n *node) write(ctx context.Context, files []harness.File) error {
	for _, file := range files {
		if err := n.agent.WriteFile(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) say(state string) {
	if nodes, ok := n.lab.options.Progress.(nodeProgress); ok {
		nodes.node(n.Name, state)
		return
	}
	n.lab.options.Progress.Event(n.Name + ": " + state)
}

// startAgent creates the container that owns the node's namespaces and speaks to the agent in it.
func (n *node) startAgent(ctx context.Context, image string) error {
	config := &container.Config{
		Image: image, Labels: n.lab.labels(n.Name), Hostname: n.Name,
		AttachStdin: true, AttachStdout: true, AttachStderr: true,
		// The engine closes the agent's input with the connection that attaches to it: that tells the agent that the
		// harness has died.
		OpenStdin: true, StdinOnce: true,
	}
	host := &container.HostConfig{
		AutoRemove:  true,
		NetworkMode: container.NetworkMode(n.lab.networkID(n.Network)),
		// AppArmor's default profile lets a process signal only those of its own container.
		SecurityOpt: []string{"apparmor=unconfined"},
		// The stream would otherwise be written to the engine's log, every byte of it.
		LogConfig: container.LogConfig{Type: "none"},
		Sysctls: map[string]string{
			"net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.disable_ipv6": "0",
			"net.ipv6.conf.all.keep_addr_on_down": "1", "net.ipv6.conf.default.keep_addr_on_down": "1",
			"net.ipv6.conf.default.accept_ra": "0", "net.ipv6.conf.default.accept_dad": "0",
			// A machine's default, which not every engine leaves: who listens on lower ports needs NET_BIND_SERVICE.
			"net.ipv4.ip_unprivileged_port_start": "1024",
		},
		ExtraHosts: n.extraHosts(),
	}
	engine.Confine(host, agent.Capabilities())
	engine.LimitAgent(host)
	if !n.System.Exists() {
		observe(host)
	}
	forward(n.Node, host)
	created := n.lab.carryDisks(n.Name, config)
	id, err := n.create(ctx, client.ContainerCreateOptions{
		Name: n.containerName(), Config: config, HostConfig: host,
		NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			n.lab.networkID(n.Network): foothold(n.Attachments()[0]),
		}},
	}, append(created, n.attachFurther)...)
	if err != nil {
		return err
	}
	stream, err := attach(ctx, n.lab.engine, id)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	n.agent, err = agent.Connect(limited, n.Name, stream)
	if err != nil {
		return errors.Join(err, stream.Close())
	}
	if err := n.agent.Configure(limited, n.configuration()); err != nil {
		return err
	}
	return n.isolate(limited)
}

// extraHosts are the other nodes' names as the engine takes them for /etc/hosts, which the system's container shares. The
// engine writes the node's own.
func (n *node) extraHosts() []string {
	var hosts []string
	for _, line := range n.lab.topology.HostLines(n.Name) {
		if line.Name != n.Name {
			hosts = append(hosts, line.Name+":"+line.Address.String())
		}
	}
	return hosts
}

// observerShares is the observer's weight beside the 1024 of every other container, the most that there is. It takes a
// twentieth of a core, and is to take it when it wakes: one that waits for its turn measures the machine.
const observerShares = 1 << 18

// observe makes a container fit to ask hundreds of questions in a second.
func observe(host *container.HostConfig) {
	host.CPUShares = observerShares
	// Each connection keeps its port for a minute after it was closed: the observer would run out of them.
	host.Sysctls["net.ipv4.tcp_tw_reuse"], host.Sysctls["net.ipv4.ip_local_port_range"] = "1", "10000 65535"
}

// startSystem creates the container that joins the agent's namespaces. Its supervisor waits to be
// told to start the product.
func (n *node) startSystem(ctx context.Context, image string) error {
	started, err := n.started(ctx, image)
	if err != nil {
		return err
	}
	config := &container.Config{
		Image: image, Labels: n.lab.labels(n.Name), Entrypoint: agent.SuperviseEntrypoint(started), User: agent.SupervisorUser,
		Env: variables(n.System.Environment), Volumes: engine.Volumes(n.System),
	}
	host := n.systemHost(started)
	if err := n.lab.shareDisks(ctx, n.System, host); err != nil {
		return err
	}
	id, err := n.create(ctx, client.ContainerCreateOptions{Name: n.systemName(), Config: config, HostConfig: host})
	if err != nil {
		return err
	}
	go n.watchSupervisor(id)
	limited, cancel := context.WithTimeout(ctx, systemLimit)
	defer cancel()
	return n.agent.WaitSystem(limited)
}

// systemHost is what the engine is told of the system's container: which namespaces it joins, and its rights.
func (n *node) systemHost(started harness.System) *container.HostConfig {
	agents := "container:" + n.containers[0]
	host := &container.HostConfig{
		AutoRemove:  true,
		NetworkMode: container.NetworkMode(agents),
		PidMode:     container.PidMode(agents),
		VolumesFrom: []string{n.containers[0]},
		Tmpfs:       inMemory(started),
		SecurityOpt: []string{"apparmor=unconfined"}, // else the agent's signals do not get in
	}
	if n.lab.engine.Podman() {
		// Docker gives who joins a network the name of who has it, and from 23 on refuses to be told.
		host.UTSMode = container.UTSMode(agents)
	}
	described := n.Node
	described.System = started // its user may be the image's
	engine.ConfigureContainer(started, n.lab.topology.CapabilitiesOf(described), host)
	engine.Limit(n.System.Limits, host)
	return host
}

// started is the system with the command and the user that the topology leaves to its image.
func (n *node) started(ctx context.Context, image string) (harness.System, error) {
	system := n.System
	if len(system.Command) > 0 && system.User != "" {
		return system, nil
	}
	inspected, err := n.lab.engine.ImageInspect(ctx, image)
	if err != nil {
		return harness.System{}, fmt.Errorf("look for the command and the user of image %s: %w", image, err)
	}
	if described := inspected.Config; described != nil {
		system.User = cmp.Or(system.User, described.User)
		if len(system.Command) == 0 {
			system.Command = slices.Concat(described.Entrypoint, described.Cmd)
		}
	}
	if len(system.Command) == 0 {
		return harness.System{}, fmt.Errorf("the topology has no command for %s, and image %s has neither entrypoint nor command",
			n.Name, image)
	}
	return system, nil
}

// inMemory are the folders that a boot finds empty. A machine with a disk of its own has /tmp on that, as
// Debian does: what cannot write there shows when that disk fails.
func inMemory(system harness.System) map[string]string {
	folders := map[string]string{"/run": "exec", "/tmp": "exec,mode=1777"}
	if system.SystemDisk > 0 {
		delete(folders, "/tmp")
	}
	return folders
}

// variables are environment variables as the engine takes them.
func variables(environment map[string]string) []string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		pairs = append(pairs, name+"="+environment[name])
	}
	return pairs
}

// create makes and starts a container, and remembers it before it starts so that it is removed
// whatever happens next. What is to be done in between gets its identifier.
func (n *node) create(
	ctx context.Context, described client.ContainerCreateOptions, between ...func(context.Context, string) error,
) (string, error) {
	created, err := n.lab.provider.CreateContainer(ctx, engine.Request(described))
	if created != nil { // also when something failed after that
		n.containers = append(n.containers, created.GetContainerID())
	}
	if err != nil {
		return "", fmt.Errorf("create container %s: %w", described.Name, err)
	}
	for _, do := range between {
		if err := do(ctx, created.GetContainerID()); err != nil {
			return "", err
		}
	}
	if err := created.Start(ctx); err != nil {
		return "", fmt.Errorf("start container %s: %w", described.Name, err)
	}
	return created.GetContainerID(), nil
}

// remove ends the node and waits until the engine has forgotten its containers.
func (n *node) remove(ctx context.Context) error {
	if n.agent != nil {
		// Best effort: the containers are removed by force below when the agent does not answer.
		_ = n.agent.End(ctx)
		_ = n.agent.Close()
	}
	var err error
	for _, v := range slices.Backward(n.containers) {
		err = errors.Join(err, n.removeContainer(ctx, v))
	}
	if err == nil {
		n.containers = nil
	}
	return err
}

func (n *node) removeContainer(ctx context.Context, id string) error {
	n.removed.Store(&id)
	if err := engine.RemoveContainer(ctx, n.lab.engine, id); err != nil {
		return fmt.Errorf("remove container %s of %s: %w", id, n.Name, err)
	}
	return nil
}

// systemLogs opens what the system has printed since a moment, with time stamps.
func (n *node) systemLogs(ctx context.Context, since time.Time) (io.ReadCloser, error) {
	if len(n.containers) < 2 {
		return nil, fmt.Errorf("read the log of %s: it runs no system", n.Name)
	}
	logs, err := n.lab.engine.ContainerLogs(ctx, n.containers[1], client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Timestamps: true, Since: since.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return nil, fmt.Errorf("read the log of %s: %w", n.Name, err)
	}
	return logs, nil
}
