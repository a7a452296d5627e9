package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// BridgeAdvice is how everything passes that only crosses a bridge.
const BridgeAdvice = "set net.bridge.bridge-nf-call-iptables=0 and net.bridge.bridge-nf-call-ip6tables=0 by sysctl, or use Docker"

// bridges remembers, by engine and kind of network, how the trial ended in this process.
var bridges struct {
	sync.Mutex
	known map[string]bridgeOutcome
}

type bridgeOutcome struct {
	report agent.BridgeReport
	err    error
}

// TryBridges tries whether packets cross the networks of the topology's lab as they were sent, once in a process. What it
// creates carries the labels. An error that wraps [ErrUnfit] says that no lab of the topology can be right. The report is about
// what nodes may come to send that were renumbered. Docker lets pass whatever crosses a bridge of its own: it is not tried.
func TryBridges(
	ctx context.Context, connection *engine.Engine, topology harness.Topology, agentImage string, labels map[string]string,
) (agent.BridgeReport, error) {
	if !connection.Podman() {
		return agent.BridgeReport{}, nil
	}
	routed := engine.Routed(topology)
	report, err := bridgeOnce(ctx, connection, agentImage, labels, routed)
	if dead, isDead := errors.AsType[deadBridgeError](err); isDead {
		return report, fmt.Errorf("%w in networks as this lab's: %w: %s", ErrUnfit, dead, BridgeAdvice)
	}
	if err != nil || !routed {
		return report, err
	}
	if problem := routedProblem(report); problem != "" {
		return report, fmt.Errorf("%w that are routers: %s: %s", ErrUnfit, problem, BridgeAdvice)
	}
	return report, nil
}

func bridgeOnce(
	ctx context.Context, connection *engine.Engine, agentImage string, labels map[string]string, routed bool,
) (agent.BridgeReport, error) {
	bridges.Lock()
	defer bridges.Unlock()
	key := fmt.Sprintf("%s %t", connection.DaemonHost(), routed)
	if outcome, known := bridges.known[key]; known {
		return outcome.report, outcome.err
	}
	report, err := tryBridge(ctx, connection, agentImage, labels, routed)
	if ctx.Err() != nil {
		return report, err // the trial was broken off: it says nothing
	}
	if bridges.known == nil {
		bridges.known = map[string]bridgeOutcome{}
	}
	bridges.known[key] = bridgeOutcome{report, err}
	return report, err
}

// routedProblem says what keeps routers from passing on packets.
func routedProblem(report agent.BridgeReport) string {
	return tellProblems("packets from one network of a lab to another", report.RoutedIPv6, report.RoutedIPv4)
}

// movedProblem says what keeps renumbered nodes from reaching each other.
func movedProblem(report agent.BridgeReport) string {
	return tellProblems("packets between nodes that were renumbered", report.MovedIPv6, report.MovedIPv4)
}

func tellProblems(packets, ipv6, ipv4 string) string {
	var problems []string
	if ipv6 != "" {
		problems = append(problems, packets+" (IPv6) "+ipv6)
	}
	if ipv4 != "" {
		problems = append(problems, packets+" (IPv4) "+ipv4)
	}
	return strings.Join(problems, ", ")
}

// A noBridgeError is an engine that does not create a network like a lab's.
type noBridgeError struct{ error }

// A deadBridgeError says that not even a network's own packets cross it.
type deadBridgeError string

func (e deadBridgeError) Error() string { return string(e) }

// tryBridge has two containers send to each other in a network like a lab's, and takes all three away again.
func tryBridge(
	ctx context.Context, connection *engine.Engine, agentImage string, labels map[string]string, routed bool,
) (report agent.BridgeReport, err error) {
	sender, receiver := agent.BridgeEnds()
	// Podman may hold addresses for what was killed in a network of the same name.
	name := "reprise-doctor-" + strings.ToLower(rand.Text()[:8])
	bridge, err := connection.CreateBridge(ctx, name, labels, routed, sender.Own[:]...)
	if err != nil {
		return report, noBridgeError{err}
	}
	defer func() {
		_, stays := connection.NetworkRemove(context.WithoutCancel(ctx), bridge, client.NetworkRemoveOptions{})
		err = errors.Join(err, stays)
	}()
	create := func(end agent.BridgeEnd, entrypoint []string) (id string, remove func() error, err error) {
		config := &container.Config{Image: agentImage, Labels: labels, Entrypoint: entrypoint}
		return createForTrial(ctx, connection, config, onBridge(bridge), endpoint(bridge, end))
	}
	answerer, removeAnswerer, err := create(receiver, agent.BridgeReceiverEntrypoint())
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, removeAnswerer()) }()
	if _, err := connection.ContainerStart(ctx, answerer, client.ContainerStartOptions{}); err != nil {
		return report, &refusedError{err}
	}
	asker, removeAsker, err := create(sender, agent.BridgeSenderEntrypoint())
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, removeAsker()) }()
	status, words, err := runToEnd(ctx, connection, asker, "try what crosses a network")
	if err != nil {
		return report, err
	}
	if status != 0 {
		return report, deadBridgeError(words)
	}
	return agent.ReadBridgeReport(words)
}

// onBridge is what the agent's container is given, in a network.
func onBridge(bridge string) *container.HostConfig {
	host := &container.HostConfig{
		NetworkMode: container.NetworkMode(bridge),
		Sysctls:     map[string]string{"net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.accept_dad": "0"},
	}
	engine.Confine(host, agent.Capabilities())
	return host
}

// endpoint is an end's place in a network.
func endpoint(bridge string, end agent.BridgeEnd) *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		bridge: {IPAMConfig: &network.EndpointIPAMConfig{IPv6Address: end.Own[0].Addr(), IPv4Address: end.Own[1].Addr()}},
	}}
}
