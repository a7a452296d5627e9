//go:build bench

package bench

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os/exec"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/systems/consul"
	"github.com/reprise-dr/reprise/harness/systems/nomad"
)

// What a fault on one node may take from the call to its effect (median), and how far apart seven
// nodes may be struck (99th percentile).
const (
	callTarget = time.Millisecond
	skewTarget = 5 * time.Millisecond
)

// The waits between two faults: the next one should meet a cluster in peace.
var (
	waitForDeath = harness.Wait{For: "the killed process to be missed", Interval: 2 * time.Millisecond, Limit: 10 * time.Second}
	waitForPeace = harness.Wait{For: "both clusters to agree again", Interval: 100 * time.Millisecond, Limit: time.Minute}
)

// The prefixes that nodes are moved between, to and fro.
var (
	awayIPv6 = netip.MustParsePrefix("fd00:d2::/64")
	awayIPv4 = netip.MustParsePrefix("10.201.2.0/24")
)

// strikes are what the harness and the agents said of one kind of fault.
type strikes struct {
	kind  string
	call  []time.Duration // from firing in the harness until it was done
	agent []time.Duration // the system calls alone
	whole []time.Duration // the fault's own call, from preparing the agent to its report
	skew  []time.Duration
}

// add takes down one strike of one node.
func (s *strikes) add(impact harness.Impact, whole time.Duration) {
	s.call = append(s.call, impact.Effects[0].Call)
	s.agent = append(s.agent, impact.Effects[0].Done-impact.Effects[0].Began)
	s.whole = append(s.whole, whole)
	s.skew = append(s.skew, impact.Skew())
}

func (s *strikes) figures() []Figure {
	const group = "Fault on one node"
	return []Figure{
		timing(group, s.kind+": call to effect", s.call).medianBelow(callTarget),
		timing(group, s.kind+": in the agent", s.agent),
		timing(group, s.kind+": prepare, fire and report", s.whole),
	}
}

// measureFaults strikes a lab in peace, first one node, then all of them.
func (b *bench) measureFaults(ctx context.Context) error {
	return b.withLab(ctx, b.cluster, func(ctx context.Context, cluster *lab.Lab) error {
		maps.Copy(b.report.Machine, cluster.Engine(ctx))
		var ready readiness
		if err := ready.await(ctx, cluster, time.Now()); err != nil {
			return err
		}
		victim, err := follower(ctx, cluster)
		if err != nil {
			return err
		}
		for _, measure := range []func(context.Context, *lab.Lab, string) error{
			b.measurePauses, b.measureKills, b.measureMoves,
			b.measureSkew,
		} {
			if err := measure(ctx, cluster, victim); err != nil {
				return err
			}
		}
		return b.addDockerKills(ctx, cluster)
	})
}

// follower is a Nomad server that does not lead: striking it costs no election.
func follower(ctx context.Context, cluster *lab.Lab) (string, error) {
	leader, err := nomad.LeaderNode(ctx, cluster)
	if err != nil {
		return "", fmt.Errorf("find a Nomad server that does not lead: %w", err)
	}
	for _, node := range cluster.Topology().Selected(nomad.ServerRole) {
		if node.Name != leader {
			return node.Name, nil
		}
	}
	return "", fmt.Errorf("find a Nomad server that does not lead: %s is the only one", leader)
}

// inject injects a fault and says how long the whole call took.
func inject(ctx context.Context, cluster *lab.Lab, cause harness.Fault) (harness.Injection, time.Duration, error) {
	began := time.Now()
	injection, err := cause.Inject(ctx, cluster)
	return injection, time.Since(began), err
}

// measurePauses pauses a process and lets it go on, by the harness and by the docker command.
func (b *bench) measurePauses(ctx context.Context, cluster *lab.Lab, victim string) error {
	pause, resume := strikes{kind: "pause"}, strikes{kind: "continue"}
	goOn := []harness.NodeActions{{Node: victim, Actions: []harness.Action{{Signal: &harness.Signal{Name: "CONT"}}}}}
	var dockerPauses []time.Duration
	container := cluster.Containers(victim)[1]
	for range b.Faults {
		injection, whole, err := inject(ctx, cluster, fault.ProcessPause{Node: victim})
		if err != nil {
			return err
		}
		pause.add(injection.Impact(), whole)
		began := time.Now()
		impact, err := cluster.Apply(ctx, goOn)
		if err != nil {
			return err
		}
		resume.add(impact, time.Since(began))
		took, err := timeDocker(ctx, "pause", container)
		if err != nil {
			return err
		}
		dockerPauses = append(dockerPauses, took)
		if _, err := timeDocker(ctx, "unpause", container); err != nil {
			return err
		}
	}
	b.say("paused %s and let it go on %d times", victim, b.Faults)
	b.report.add(pause.figures()...)
	b.report.add(resume.figures()...)
	b.report.add(timing("The docker command", "docker pause", dockerPauses))
	return waitForPeace.Until(ctx, holds(cluster, inPeace()))
}

func inPeace() harness.SteadyState {
	return harness.All(consul.Quorum(servers), nomad.Quorum(servers))
}

// measureKills kills a process and starts it again.
func (b *bench) measureKills(ctx context.Context, cluster *lab.Lab, victim string) error {
	kill := strikes{kind: "kill"}
	for range b.Faults {
		injection, whole, err := inject(ctx, cluster, fault.ProcessKill{Node: victim})
		if err != nil {
			return err
		}
		kill.add(injection.Impact(), whole)
		err = waitForDeath.Until(ctx, func(ctx context.Context) error {
			_, err := injection.Confirm(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if err := injection.Revert(ctx); err != nil {
			return err
		}
		if err := waitForPeace.Until(ctx, holds(cluster, inPeace())); err != nil {
			return err
		}
	}
	b.say("killed %s and started it again %d times", victim, b.Faults)
	b.report.add(kill.figures()...)
	return nil
}

// measureMoves changes one node's IPv6 address, to and fro, and then those of both families: the
// kernel takes them one by one.
func (b *bench) measureMoves(ctx context.Context, cluster *lab.Lab, victim string) error {
	home := cluster.Topology().Networks[0]
	for _, change := range []struct {
		kind       string
		away, back fault.Renumbering
	}{
		{"address change", fault.Renumbering{Node: victim, Into: awayIPv6}, fault.Renumbering{Node: victim, Into: home.IPv6}},
		{"both families", bothAway(victim), bothHome(victim, home)},
	} {
		move := strikes{kind: change.kind}
		if err := b.moveToAndFro(ctx, cluster, change.away, change.back, &move); err != nil {
			return err
		}
		b.report.add(move.figures()...)
	}
	b.say("changed the addresses of %s %d times, IPv6 alone and both families", victim, b.Faults)
	return waitForPeace.Until(ctx, holds(cluster, inPeace()))
}

func bothAway(node string) fault.Renumbering {
	return fault.Renumbering{Node: node, Into: awayIPv6, IntoIPv4: awayIPv4}
}

func bothHome(node string, home harness.Network) fault.Renumbering {
	return fault.Renumbering{Node: node, Into: home.IPv6, IntoIPv4: home.IPv4}
}

// measureSkew changes the addresses of all nodes at once, to and fro.
func (b *bench) measureSkew(ctx context.Context, cluster *lab.Lab, _ string) error {
	renumbering := strikes{kind: "renumbering"}
	if err := b.moveToAndFro(ctx, cluster, bothAway(""), bothHome("", cluster.Topology().Networks[0]), &renumbering); err != nil {
		return err
	}
	nodes := len(cluster.Topology().Selected(""))
	b.say("renumbered %d nodes %d times", nodes, b.Faults)
	b.report.add(timing("Renumbering of every node", fmt.Sprintf("skew between %d nodes", nodes),
		renumbering.skew).tailBelow(skewTarget))
	return nil
}

// moveToAndFro moves nodes away and back as often as faults are wanted, and leaves them where they were.
func (b *bench) moveToAndFro(ctx context.Context, cluster *lab.Lab, away, back fault.Renumbering, taken *strikes) error {
	for i := range b.Faults + b.Faults%2 {
		move := away
		if i%2 == 1 {
			move = back
		}
		injection, whole, err := inject(ctx, cluster, move)
		if err != nil {
			return err
		}
		if i < b.Faults {
			taken.add(injection.Impact(), whole)
		}
	}
	return nil
}

// dockerKills kills every system of a lab that has served its purpose.
func (b *bench) dockerKills(ctx context.Context, cluster *lab.Lab) error {
	for _, node := range cluster.Topology().Selected("") {
		took, err := timeDocker(ctx, "kill", cluster.Containers(node.Name)[1])
		if err != nil {
			return err
		}
		b.kills = append(b.kills, took)
	}
	return nil
}

// addDockerKills kills the last lab's systems too and reports all kills.
func (b *bench) addDockerKills(ctx context.Context, cluster *lab.Lab) error {
	if err := b.dockerKills(ctx, cluster); err != nil {
		return err
	}
	b.report.add(timing("The docker command", "docker kill", b.kills))
	return nil
}

// timeDocker runs the docker command as a script would and says how long that took.
func timeDocker(ctx context.Context, verb, container string) (time.Duration, error) {
	began := time.Now()
	output, err := exec.CommandContext(ctx, "docker", verb, container).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("docker %s %s: %w: %s", verb, container, err, strings.TrimSpace(string(output)))
	}
	return time.Since(began), nil
}
