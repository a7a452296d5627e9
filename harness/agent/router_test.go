//go:build linux

package agent_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/nftables"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: an interface gets the name its node calls it by, keeps what it has, is still found by the name that the engine gave it,
// and has both name and routes again after a boot. Method: name the pod's interface, give it a route, lose the power, boot, look.
func TestNamedInterfaceAndRoutesSurviveABoot(t *testing.T) {
	p := startPod(t, time.Minute)
	configuration := agent.Configuration{
		Interfaces: []agent.Interface{{Has: netip.MustParsePrefix(podIPv6).Addr(), Name: "lan1"}},
		Routes:     []agent.Route{{To: netip.MustParsePrefix("10.9.0.0/24"), Via: netip.MustParseAddr("10.1.0.1")}},
	}
	testkit.Must(t, p.Configure(t.Context(), configuration))
	look := func(when string) {
		t.Helper()
		addresses, routes := p.run(t, "ip", "-o", "addr", "show", "dev", "lan1"), p.run(t, "ip", "route")
		if link := p.run(t, "ip", "-o", "link", "show", "dev", "eth0"); !strings.Contains(link, "lan1") {
			t.Errorf("%s, eth0 is %q", when, link)
		}
		for _, want := range []string{podIPv6, podIPv4} {
			if !strings.Contains(addresses, want) {
				t.Errorf("%s, lan1 lacks %s:\n%s", when, want, addresses)
			}
		}
		if !strings.Contains(routes, "10.9.0.0/24 via 10.1.0.1 dev lan1") || strings.Contains(routes, "default") {
			t.Errorf("%s, the routes are\n%s", when, routes)
		}
	}
	look("after it was named")
	own := harness.Check{Address: &harness.AddressCheck{Has: netip.MustParsePrefix(podIPv4).Addr()}}
	if err := askOnce(t, p, own); err != nil {
		t.Errorf("asked for its own address, the kernel says: %v", err)
	}
	powerOff(t, p)
	if err := askOnce(t, p, own); err == nil {
		t.Error("an address on a link that is down counts as there")
	}
	testkit.Must(t, p.PowerOn(t.Context()))
	look("after a boot")
	for name, wrong := range map[string]agent.Configuration{
		"an interface that nobody has": {Interfaces: []agent.Interface{{Has: netip.MustParseAddr("10.7.7.7"), Name: "lan2"}}},
		"a way out": {Routes: []agent.Route{{
			To:  netip.MustParsePrefix("0.0.0.0/0"),
			Via: netip.MustParseAddr("10.1.0.1"),
		}}},
	} {
		if err := p.Configure(t.Context(), wrong); err == nil {
			t.Errorf("%s was configured", name)
		}
	}
}

// Goal: a route without a next hop leaves by the interface that has the address, stays when that address becomes another, and
// comes back with a boot; what is configured later leaves the name servers of the node alone if it is told to.
// Method: such a route and a name server, another address, a boot.
func TestRouteWithoutNextHopSurvivesARenumbering(t *testing.T) {
	p := startPod(t, time.Minute)
	resolver := []byte("nameserver 10.1.0.53\n")
	own := netip.MustParsePrefix(podIPv4)
	testkit.Must(t, p.Configure(t.Context(), agent.Configuration{ResolvConf: resolver}))
	testkit.Must(t, p.Configure(t.Context(), agent.Configuration{
		KeepNames: true, Routes: []agent.Route{{To: netip.MustParsePrefix("10.9.0.7/32"), From: own.Addr()}},
	}))
	moved := harness.Readdress{From: []netip.Prefix{own}, To: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/24")}}
	p.impact(t, harness.Action{Readdress: &moved})
	for _, when := range []string{"after a move", "after a boot"} {
		if routes := p.run(t, "ip", "route"); !strings.Contains(routes, "10.9.0.7 dev eth0 proto static scope link") {
			t.Errorf("%s, the routes are\n%s", when, routes)
		}
		powerOff(t, p)
		testkit.Must(t, p.PowerOn(t.Context()))
	}
	if shown := p.run(t, "cat", "/etc/resolv.conf"); shown != string(resolver) {
		t.Errorf("the name servers are %q", shown)
	}
	nobody := agent.Configuration{Routes: []agent.Route{{
		To: netip.MustParsePrefix("10.9.0.7/32"), From: netip.MustParseAddr("10.7.7.7"),
	}}}
	if err := p.Configure(t.Context(), nobody); err == nil || !strings.Contains(err.Error(), `no interface has "10.7.7.7"`) {
		t.Errorf("a route from nobody's address: %v", err)
	}
}

// Goal: what a node does not hear any more it does not hear, a boot does not change that, and lifting the
// fault does. Method: drop what comes from one of two addresses beyond the cable, all protocols and only
// VRRP, and ask both for an echo.
func TestDrop(t *testing.T) {
	p := startPod(t, time.Minute)
	deaf, other := netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("10.1.0.99")
	drop := func(change harness.Drop) agent.Prepared {
		t.Helper()
		prepared, err := p.Prepare(t.Context(), []harness.Action{{Drop: &change}})
		if err == nil {
			_, err = p.Fire(t.Context(), prepared, 0)
		}
		testkit.Must(t, err)
		return prepared
	}
	expectEcho := func(when string, from netip.Addr, want bool) {
		t.Helper()
		if got := echoes(t, p, from); got != want {
			t.Errorf("%s, an echo from %s is %v, want %v", when, from, got, want)
		}
	}
	vrrp := drop(harness.Drop{From: []netip.Addr{deaf, netip.MustParseAddr("fd00:1::1")}, Protocol: harness.ProtocolVRRP})
	expectEcho("with VRRP dropped", deaf, true)
	everything := harness.Drop{From: []netip.Addr{deaf}}
	all := drop(everything)
	expectEcho("with everything dropped", deaf, false)
	expectEcho("with another's packets dropped", other, true)
	powerOff(t, p)
	testkit.Must(t, p.PowerOn(t.Context()))
	expectEcho("after a boot", deaf, false)
	for _, prepared := range []agent.Prepared{all, vrrp, all} {
		testkit.Must(t, p.Undo(t.Context(), prepared))
	}
	expectEcho("after the fault was undone", deaf, true)
	drop(everything)
	everything.Lift = true
	drop(everything)
	expectEcho("after the fault was lifted", deaf, true)
}

// Goal: rules that somebody has flushed are missed, and rules in force are not; nothing is changed by the look, and it
// needs no undoing. Method: drop, verify, flush the node's whole firewall as a runbook would, verify.
func TestVerifyDrop(t *testing.T) {
	p := startPod(t, time.Minute)
	do := func(action harness.Action) error {
		prepared, err := p.Prepare(t.Context(), []harness.Action{action})
		if err == nil {
			_, err = p.Fire(t.Context(), prepared, 0)
		}
		return err
	}
	drop := harness.Drop{From: []netip.Addr{netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("fd00:1::1")}}
	verify := drop
	verify.Verify = true
	if err := do(harness.Action{Drop: &verify}); err == nil {
		t.Error("what was never dropped is verified")
	}
	for _, action := range []harness.Drop{drop, verify, verify} {
		testkit.Must(t, do(harness.Action{Drop: &action}))
	}
	if echoes(t, p, drop.From[0]) {
		t.Error("the look has lifted the fault")
	}
	flushFirewall(t, p)
	testkit.Expect(t, do(harness.Action{Drop: &verify}), "0 of its 2 rules are in force")
}

// flushFirewall does what `nft flush ruleset` does in the pod.
func flushFirewall(t *testing.T, p *pod) {
	t.Helper()
	space, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", p.process.Process.Pid))
	testkit.Must(t, err)
	defer space.Close()
	connection, err := nftables.New(nftables.WithNetNSFd(int(space.Fd())))
	testkit.Must(t, err)
	connection.FlushRuleset()
	testkit.Must(t, connection.Flush())
}

// echoes tells whether an address answers the pod.
func echoes(t *testing.T, p *pod, from netip.Addr) bool {
	t.Helper()
	return askOnce(t, p, harness.Check{Ping: &harness.PingCheck{At: from}}) == nil
}

// askOnce returns the first answer of the pod's agent.
func askOnce(t *testing.T, p *pod, check harness.Check) error {
	t.Helper()
	answers := make(chan error, 1)
	schedule := harness.Schedule{Period: 20 * time.Millisecond, Limit: 500 * time.Millisecond}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := p.StartCheck(ctx, check, schedule, func(samples []harness.Sample) {
		for _, sample := range samples {
			select {
			case answers <- sample.Err:
			default:
			}
		}
	})
	testkit.Must(t, err)
	return <-answers
}

func powerOff(t *testing.T, p *pod) {
	t.Helper()
	prepared, err := p.Prepare(t.Context(), []harness.Action{
		{Link: &harness.Link{Up: false}},
		{Signal: &harness.Signal{Name: "KILL", All: true}},
	})
	if err == nil {
		_, err = p.Fire(t.Context(), prepared, 0)
	}
	testkit.Must(t, err)
}

// Goal: a process that is not the main one can be stopped, woken and killed by its name; nobody else is.
// Method: signal the shell's child by name and read its state.
func TestSignalByName(t *testing.T) {
	p := startPod(t, time.Minute)
	pid := childNamed(t, p, "sleep")
	for _, step := range []struct {
		signal  string
		stopped bool
	}{{"STOP", true}, {"CONT", false}} {
		prepared, err := p.Prepare(t.Context(), []harness.Action{{Signal: &harness.Signal{Name: step.signal, Process: "sleep"}}})
		if err == nil {
			_, err = p.Fire(t.Context(), prepared, 0)
		}
		testkit.Must(t, err)
		if state := p.state(t, pid); (state == "T") != step.stopped {
			t.Errorf("after %s the state is %s", step.signal, state)
		}
	}
	if err := p.ask(t); err != nil {
		t.Errorf("somebody else was signalled: %v", err)
	}
	for _, wrong := range []harness.Signal{{Name: "STOP", Process: "nobody"}, {Name: "STOP", Process: "sleep", All: true}} {
		if _, err := p.Prepare(t.Context(), []harness.Action{{Signal: &wrong}}); err == nil {
			t.Errorf("%+v was prepared", wrong)
		}
	}
}

// childNamed finds a process of the pod by its name.
func childNamed(t *testing.T, p *pod, name string) int {
	t.Helper()
	names := strings.Fields(p.run(t, "sh", "-c", `grep -lx "$1" /proc/[0-9]*/comm`, "sh", name))
	if !slices.ContainsFunc(names, func(path string) bool { return path != "" }) {
		t.Fatalf("no process is named %s", name)
	}
	pid, err := strconv.Atoi(strings.Split(names[0], "/")[2])
	testkit.Must(t, err)
	return pid
}

// Goal: a node that was held still before it lost its power is off, and as good as new after a boot. Method: the
// three actions on a pod, then its power button; its service answers, and nothing is left to undo.
func TestHeldStillAndUnplugged(t *testing.T) {
	p := startPod(t, time.Minute)
	prepared, err := p.Prepare(t.Context(), []harness.Action{
		{Signal: &harness.Signal{Name: "STOP", All: true}},
		{Link: &harness.Link{Up: false}},
		{Signal: &harness.Signal{Name: "KILL", All: true}},
	})
	if err == nil {
		_, err = p.Fire(t.Context(), prepared, 0)
	}
	testkit.Must(t, err)
	if err := p.ask(t); err == nil {
		t.Error("the service answers without power")
	}
	testkit.Must(t, p.PowerOn(t.Context()))
	p.awaitService(t)
	if err := p.Undo(t.Context(), prepared); err != nil {
		t.Errorf("something was left to undo: %v", err)
	}
	if err := p.ask(t); err != nil {
		t.Errorf("undoing what is over took the service away: %v", err)
	}
}
