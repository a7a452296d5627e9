//go:build linux

package agent_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// strike prepares and fires at once.
func (p *pod) impact(t *testing.T, actions ...harness.Action) agent.Prepared {
	t.Helper()
	prepared, err := p.Prepare(t.Context(), actions)
	testkit.Must(t, err)
	stamps, err := p.Fire(t.Context(), prepared, 0)
	testkit.Must(t, err)
	last := stamps.Began
	for _, after := range stamps.After {
		if after < last {
			t.Errorf("stamps %+v go back in time", stamps)
		}
		last = after
	}
	if len(stamps.After) != len(actions) || stamps.Done != last {
		t.Errorf("stamps %+v do not fit %d actions", stamps, len(actions))
	}
	return prepared
}

func readdress(from, to []netip.Prefix) harness.Action {
	return harness.Action{Readdress: &harness.Readdress{From: from, To: to}}
}

func signal(name string) harness.Action {
	return harness.Action{Signal: &harness.Signal{Name: name}}
}

func signalAll(name string) harness.Action {
	return harness.Action{Signal: &harness.Signal{Name: name, All: true}}
}

func link(up bool) harness.Action { return harness.Action{Link: &harness.Link{Up: up}} }

func (p *pod) expectAddresses(t *testing.T, ipv6, ipv4 string) {
	t.Helper()
	want := harness.Addresses{IPv6: netip.MustParseAddr(ipv6), IPv4: netip.MustParseAddr(ipv4)}
	if got, err := p.Addresses(t.Context()); err != nil || got != want {
		t.Errorf("the addresses are %v, %v, want %v", got, err, want)
	}
}

// Goal: a node moves to new addresses and leaves none of the old, and moves back when that is undone.
// Method: into other prefixes, and within the same IPv4 prefix, where the kernel would take the new
// address away with the old; look with `ip addr` in the pod.
func TestReaddress(t *testing.T) {
	p := startPod(t, protocol.Silence)
	for _, to := range [][]netip.Prefix{prefixes("fd00:2::7/64", "10.2.0.7/24"), prefixes("fd00:1::8/64", "10.1.0.8/24")} {
		nodeAction := p.impact(t, readdress(prefixes(podIPv6, podIPv4), to))
		p.expectAddresses(t, to[0].Addr().String(), to[1].Addr().String())
		if shown := p.run(t, "ip", "addr"); strings.Contains(shown, podIPv6) || strings.Contains(shown, podIPv4) ||
			strings.Contains(shown, "tentative") && !strings.Contains(shown, "scope link tentative") {
			t.Errorf("after the move to %v:\n%s", to, shown)
		}
		for range 2 { // the second time there is nothing to undo
			testkit.Must(t, p.Undo(t.Context(), nodeAction))
		}
		p.expectAddresses(t, "fd00:1::7", "10.1.0.7")
	}
}

// Goal: what cannot be done is refused when it is prepared, in words that say why. Method: one action
// of each wrong kind.
func TestPrepareRefuses(t *testing.T) {
	p := startPod(t, protocol.Silence)
	for want, actions := range map[string][]harness.Action{
		"no action is given":                            nil,
		"exactly one of its fields":                     {{}},
		"no interface has fd00:9::9":                    {readdress(prefixes("fd00:9::9/64"), prefixes("fd00:2::9/64"))},
		"1 addresses cannot become 2":                   {readdress(prefixes(podIPv6), prefixes("fd00:2::7/64", "10.2.0.7/24"))},
		"fd00:1::7/64 and 10.2.0.7/24 are not of one f": {readdress(prefixes(podIPv6), prefixes("10.2.0.7/24"))},
		"fill the system disk: ask the supervisor: the system has no disk of its own":   {{Disk: &harness.DiskAction{Fill: true}}},
		"do something to the system disk: ask the supervisor: exactly one of its field": {{Disk: &harness.DiskAction{}}},
		`there is no signal "NOPE"`: {signal("NOPE")},
	} {
		if _, err := p.Prepare(t.Context(), actions); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("preparing %+v: %v, want %q", actions, err, want)
		}
	}
	testkit.Must(t, p.Stop(t.Context(), "", 0))
	if _, err := p.Prepare(t.Context(), []harness.Action{signal("KILL")}); err == nil ||
		!strings.Contains(err.Error(), "does not run") {
		t.Errorf("preparing to kill nothing: %v", err)
	}
}

// Goal: an action is executed whole or not at all. Method: an address that moves, then a signal to a
// process that has ended since the action was prepared; the address must be back.
func TestFireIsWholeOrNothing(t *testing.T) {
	p := startPod(t, protocol.Silence)
	prepared, err := p.Prepare(t.Context(), []harness.Action{readdress(prefixes(podIPv6), prefixes("fd00:2::7/64")), signal("STOP")})
	testkit.Must(t, err)
	testkit.Must(t, p.Stop(t.Context(), "", 0))
	if _, err := p.Fire(t.Context(), prepared, 0); err == nil || !strings.Contains(err.Error(), "send STOP to the main process") {
		t.Errorf("firing: %v, want an error that names the signal", err)
	}
	p.expectAddresses(t, "fd00:1::7", "10.1.0.7")
	if _, err := p.Fire(t.Context(), prepared, 0); err == nil || !strings.Contains(err.Error(), "no action") {
		t.Errorf("firing it again: %v", err)
	}
}

// Goal: an action waits for its instant, and does not happen when its caller gives up before. Method:
// pause the main process 50 ms ahead; then once more, with a context that ends halfway.
func TestFireAtAnInstant(t *testing.T) {
	p := startPod(t, protocol.Silence)
	clock, err := p.Clock(t.Context())
	testkit.Must(t, err)
	status, err := p.Status(t.Context())
	testkit.Must(t, err)
	const ahead = 50 * time.Millisecond
	prepare := func() agent.Prepared {
		prepared, err := p.Prepare(t.Context(), []harness.Action{signal("STOP")})
		testkit.Must(t, err)
		return prepared
	}
	ctx, cancel := context.WithTimeout(t.Context(), ahead/2)
	defer cancel()
	given := prepare()
	if _, err := p.Fire(ctx, given, clock.Instant(time.Now().Add(10*ahead))); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("firing with a context that ends before: %v", err)
	}
	at := clock.Instant(time.Now().Add(ahead))
	stamps, err := p.Fire(t.Context(), prepare(), at)
	if err != nil || stamps.Began < at {
		t.Fatalf("fired %v early, %v", time.Duration(at-stamps.Began), err)
	}
	if state := p.state(t, status.PID); state != "T" {
		t.Errorf("the paused process is in state %s", state)
	}
	p.impact(t, signal("CONT"))
	// Beyond the instant of the action that was given up.
	again := prepare()
	if _, err := p.Fire(t.Context(), again, clock.Instant(time.Now().Add(10*ahead))); err != nil {
		t.Fatal(err)
	}
	testkit.Must(t, p.Undo(t.Context(), again))
	if state := p.state(t, status.PID); state == "T" {
		t.Error("the process is paused after all blows were undone")
	}
}

// Goal: every process is hit but the agent and the supervisor. Method: pause all, look at product and
// service, undo.
func TestSignalAll(t *testing.T) {
	p := startPod(t, protocol.Silence)
	status, err := p.Status(t.Context())
	testkit.Must(t, err)
	nodeAction := p.impact(t, signalAll("STOP"))
	if state := p.state(t, status.PID); state != "T" {
		t.Errorf("the main process is in state %s", state)
	}
	limited, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if connection, err := p.Dial(limited, "tcp", "127.0.0.1:8080"); err == nil {
		// The kernel accepts for a stopped service, which then says nothing.
		testkit.Must(t, connection.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
		if _, err := connection.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if n, err := connection.Read(make([]byte, 1)); err == nil {
			t.Errorf("the paused service answered %d bytes", n)
		}
		_ = connection.Close()
	}
	testkit.Must(t, p.Undo(t.Context(), nodeAction))
	p.awaitService(t)
}

// Goal: links go down and come up with everything they had, and without a way out. Method: look at
// addresses and routes before and after.
func TestLink(t *testing.T) {
	p := startPod(t, protocol.Silence)
	testkit.Must(t, p.Configure(t.Context(), agent.Configuration{}))
	p.run(t, "ip", "route", "add", "10.9.0.0/16", "via", "10.1.0.2")
	p.impact(t, link(false))
	if shown := p.run(t, "ip", "link", "show", "eth0"); strings.Contains(shown, ",UP") {
		t.Errorf("after down:\n%s", shown)
	}
	verify := harness.Action{Link: &harness.Link{Verify: true}}
	p.impact(t, verify)
	p.run(t, "ip", "link", "set", "eth0", "up") // as a runbook might
	prepared, err := p.Prepare(t.Context(), []harness.Action{verify})
	if err == nil {
		_, err = p.Fire(t.Context(), prepared, 0)
	}
	testkit.Expect(t, err, "somebody has taken link")
	p.impact(t, link(true))
	p.expectAddresses(t, "fd00:1::7", "10.1.0.7")
	routes := p.run(t, "ip", "route") + p.run(t, "ip", "-6", "route")
	for _, want := range []string{"10.9.0.0/16 via 10.1.0.2", "10.1.0.0/24 dev eth0", "fd00:1::/64 dev eth0"} {
		if !strings.Contains(routes, want) {
			t.Errorf("after up, %q is not among the routes:\n%s", want, routes)
		}
	}
	if strings.Contains(routes, "default") {
		t.Errorf("after up there is a way out:\n%s", routes)
	}
}

// Goal: a loss of power takes everything, can be seen, and power-on is a boot. Method: leave traces in
// memory, on disk, among the mounts and addresses; lose the power; try to do things; switch on.
func TestPowerLoss(t *testing.T) {
	p := startPod(t, protocol.Silence)
	disk := t.TempDir()
	for _, command := range [][]string{
		{"touch", "/run/trace", disk + "/trace"},
		{"mkdir", disk + "/mount"},
		{"mount", "-t", "tmpfs", "none", disk + "/mount"},
		{"ip", "addr", "add", "10.1.0.240/24", "dev", "eth0"},
	} {
		p.run(t, command...)
	}
	p.impact(t, link(false), signalAll("KILL"))
	status, err := p.Status(t.Context())
	if err != nil || status.Running || status.Signal != "killed" || status.Ended.After(time.Now()) {
		t.Errorf("after the loss: %+v, %v", status, err)
	}
	if err := p.ask(t); err == nil {
		t.Error("the service answers without power")
	}
	if _, err := p.Exec(t.Context(), "true"); err == nil || !strings.Contains(err.Error(), "lost its power") {
		t.Errorf("a command without power: %v", err)
	}
	if err := p.WriteFile(t.Context(), harness.File{Path: disk + "/late"}); err == nil {
		t.Error("a file was written without power")
	}
	for range 2 { // the second time it is on
		testkit.Must(t, p.PowerOn(t.Context()))
	}
	p.awaitService(t)
	p.expectAddresses(t, "fd00:1::7", "10.1.0.7")
	p.run(t, "sh", "-c", "test ! -e /run/trace && test -e "+disk+"/trace")
	if shown := p.run(t, "ip", "addr"); strings.Contains(shown, "10.1.0.240") || !strings.Contains(shown, ",UP") {
		t.Errorf("after the boot:\n%s", shown)
	}
	if shown := p.run(t, "cat", "/proc/mounts"); strings.Contains(shown, disk+"/mount") {
		t.Errorf("after the boot the product's mount is there:\n%s", shown)
	}
}

// Goal: the main process can be killed without what it started. Method: kill it; the service goes on
// and the status tells the signal.
func TestKillMain(t *testing.T) {
	p := startPod(t, protocol.Silence)
	p.impact(t, signal("KILL"))
	await(t, "the status to show the end", func() error {
		status, err := p.Status(t.Context())
		if err == nil && (status.Running || status.Signal != "killed" || status.ExitCode != -1) {
			err = errors.New(status.Signal)
		}
		return err
	})
	if err := p.ask(t); err != nil {
		t.Errorf("the service went with the main process: %v", err)
	}
}
