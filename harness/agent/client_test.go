//go:build linux

package agent_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/agent/internal/agentd"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// connect starts an agent within this process, which has this machine's network and no system, and
// a client of it. The channel tells how the agent ended.
func connect(t *testing.T, lease time.Duration) (*agent.Client, <-chan error) {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		ended <- agentd.Run(ctx, agentd.Options{
			Stream: far, SystemSocket: "@reprise-test-nobody", Silence: lease, Log: log.New(io.Discard, "", 0),
		})
	}()
	client, err := agent.Connect(t.Context(), "here", near)
	testkit.Must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client, ended
}

// ends waits for an agent to end.
func ends(t *testing.T, ended <-chan error, within time.Duration) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(within):
		t.Fatalf("the agent goes on after %v", within)
		return nil
	}
}

// Goal: a harness that has died ends the agent at once, however long the agent would bear silence: the kernel and
// the engine have closed its stream. Method: an hour of silence is allowed, and the stream is closed.
func TestEndOfTheStreamEndsTheAgent(t *testing.T) {
	client, ended := connect(t, time.Hour)
	testkit.Must(t, client.Close())
	testkit.Expect(t, ends(t, ended, 5*time.Second), "the stream has ended")
}

// Goal: a harness that says nothing while its stream is open, since it is starved or stopped, is waited for as long
// as the silence that is allowed, and no longer. Method: a stream that nobody uses, and 300 ms.
func TestSilenceEndsTheAgent(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	began := time.Now()
	err := agentd.Run(t.Context(), agentd.Options{
		Stream: far, SystemSocket: "@reprise-test-nobody", Silence: 300 * time.Millisecond, Log: log.New(io.Discard, "", 0),
	})
	if lasted := time.Since(began); err == nil || !strings.Contains(err.Error(), "nothing was heard of it") ||
		lasted < 250*time.Millisecond {
		t.Errorf("the agent ended after %v with %v", lasted, err)
	}
}

// A spoken stream has kept what its agent said.
type spoken struct{ net.Conn }

func (spoken) LastWords() string { return "out of paper" }

// Goal: who asks an agent that is gone is told so, why, and what the agent said last; before, a call failed with
// "session shutdown". Method: an agent whose stream breaks.
func TestGoneSaysWhy(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		_ = agentd.Run(t.Context(), agentd.Options{
			Stream: far, SystemSocket: "@reprise-test-nobody", Silence: time.Hour, Log: log.New(io.Discard, "", 0),
		})
	}()
	client, err := agent.Connect(t.Context(), "here", spoken{near})
	testkit.Must(t, err)
	defer client.Close()
	if err := client.Gone(); err != nil {
		t.Errorf("an agent that is there is gone: %v", err)
	}
	far.Close()
	<-client.Lost()
	_, err = client.Usage(t.Context())
	if err == nil || !strings.Contains(err.Error(),
		`the agent of here is gone (its stream ended with "EOF"): it said "out of paper"`) {
		t.Errorf("usage: %v", err)
	}
}

// Goal: a client that is there keeps the lease. Method: a lease just longer than the time between two
// renewals, watched for several of them.
func TestLeaseIsRenewed(t *testing.T) {
	client, ended := connect(t, protocol.RenewEvery*2)
	select {
	case err := <-ended:
		t.Fatalf("the agent ended under its client: %v", err)
	case <-client.Lost():
		t.Fatal("the stream ended under its client")
	case <-time.After(protocol.RenewEvery * 4):
	}
}

// Goal: a node that is held outlives its client's lease. Method: hold with a short lease, close, wait
// for several leases.
func TestHold(t *testing.T) {
	client, ended := connect(t, 100*time.Millisecond)
	testkit.Must(t, errors.Join(client.Hold(t.Context()), client.Close()))
	select {
	case err := <-ended:
		t.Fatalf("the held agent ended: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
}

// Goal: the end that was agreed on is quick and no error. Method: end with a long lease.
func TestEnd(t *testing.T) {
	client, ended := connect(t, time.Hour)
	testkit.Must(t, client.End(t.Context()))
	if err := ends(t, ended, 5*time.Second); err != nil {
		t.Errorf("the agent ended with %v", err)
	}
}

// Goal: an agent of another kind is refused in words that help. Method: a stream that ends, one that
// talks nonsense, and one that says nothing within the context's time.
func TestConnectRefuses(t *testing.T) {
	for name, behave := range map[string]func(net.Conn){
		"gone":   func(far net.Conn) { far.Close() },
		"silent": func(far net.Conn) { _, _ = io.Copy(io.Discard, far) },
		"babble": func(far net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, far) }()
			_, _ = far.Write([]byte("exec format error, or something like it"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			go behave(far)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := agent.Connect(ctx, "nomad-1", near); err == nil ||
				!strings.Contains(err.Error(), "connect to the agent of nomad-1") {
				t.Errorf("connect: %v", err)
			}
		})
	}
}

// Goal: moments of the engine are placed on the harness's clock within the uncertainty. Method: both
// clocks are this machine's, so mapping there and back must return the moment, and the agent's
// reading must lie between the moments before and after it.
func TestClock(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	before := time.Now()
	clock, err := client.Clock(t.Context())
	after := time.Now()
	testkit.Must(t, err)
	if clock.Uncertainty <= 0 || clock.Uncertainty > after.Sub(before) {
		t.Errorf("the uncertainty is %v, the comparison took %v", clock.Uncertainty, after.Sub(before))
	}
	if back := clock.Time(clock.Instant(before)); !back.Equal(before) {
		t.Errorf("%v came back as %v", before, back)
	}
	again, err := client.Clock(t.Context())
	testkit.Must(t, err)
	if apart := time.Duration(clock.Instant(before) - again.Instant(before)).Abs(); apart > clock.Uncertainty+again.Uncertainty {
		t.Errorf("two comparisons are %v apart, more than their uncertainties %v and %v", apart, clock.Uncertainty, again.Uncertainty)
	}
}

// Goal: a connection through the agent behaves like one made here: bytes, half-close, reset. Method:
// a server that reads to the end before it answers, and one that resets.
func TestDialTCP(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	reverse := func(connection *net.TCPConn) {
		content, _ := io.ReadAll(connection)
		_, _ = io.WriteString(connection, strings.ToUpper(string(content)))
		connection.Close()
	}
	connection, err := client.Dial(t.Context(), "tcp", serve(t, reverse))
	testkit.Must(t, err)
	defer connection.Close()
	_, err = io.WriteString(connection, "hello")
	half, ok := connection.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		t.Fatalf("write and close one direction of a %T: %v", connection, err)
	}
	if answer, err := io.ReadAll(connection); err != nil || string(answer) != "HELLO" {
		t.Errorf("the answer is %q, %v", answer, err)
	}

	reset := func(connection *net.TCPConn) {
		_, _ = connection.Read(make([]byte, 1))
		_ = connection.SetLinger(0)
		connection.Close()
	}
	connection, err = client.Dial(t.Context(), "tcp", serve(t, reset))
	testkit.Must(t, err)
	defer connection.Close()
	if _, err := io.WriteString(connection, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(connection); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset, reading ends with %v", err)
	}
}

// serve accepts connections and returns where.
func serve(t *testing.T, handle func(*net.TCPConn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go handle(connection.(*net.TCPConn)) //nolint:forcetypeassert // a TCP listener accepts nothing else
		}
	}()
	return listener.Addr().String()
}

// Goal: a client that closes a connection closes it at the far end too, even one where nobody says
// anything. Method: a server that waits for the end.
func TestDialCloseReachesTheFarEnd(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	seen := make(chan error, 1)
	connection, err := client.Dial(t.Context(), "tcp", serve(t, func(connection *net.TCPConn) {
		_, err := connection.Read(make([]byte, 1))
		seen <- err
		connection.Close()
	}))
	testkit.Must(t, err)
	testkit.Must(t, connection.Close())
	select {
	case err := <-seen:
		if err == nil {
			t.Error("the far end read something")
		}
	case <-time.After(5 * time.Second):
		t.Error("the far end still waits 5 s after the close")
	}
}

// Goal: datagrams go both ways and keep their borders. Method: an echo server and two datagrams, one
// of them large.
func TestDialUDP(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	testkit.Must(t, err)
	defer server.Close()
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(buffer[:n], from)
		}
	}()
	connection, err := client.Dial(t.Context(), "udp", server.LocalAddr().String())
	testkit.Must(t, err)
	defer connection.Close()
	buffer := make([]byte, 64<<10)
	for _, size := range []int{3, 40000} {
		if _, err := connection.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		testkit.Must(t, connection.SetReadDeadline(time.Now().Add(5*time.Second)))
		if n, err := connection.Read(buffer); err != nil || n != size {
			t.Errorf("a datagram of %d bytes came back with %d, %v", size, n, err)
		}
	}
}

// Goal: why there is no connection is known as if it had been tried here, and a context ends the
// attempt. Method: a port nobody listens on; an address nobody answers at, in a network that is
// reserved for documentation; nonsense.
func TestDialErrors(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Must(t, err)
	address := listener.Addr().String()
	listener.Close()
	if _, err := client.Dial(t.Context(), "tcp", address); !errors.Is(err, syscall.ECONNREFUSED) ||
		!strings.Contains(err.Error(), address+" from here") {
		t.Errorf("a closed port: %v", err)
	}
	if _, err := client.Dial(t.Context(), "carrier-pigeon", address); err == nil ||
		!strings.Contains(err.Error(), "unknown network") {
		t.Errorf("an unknown network: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Dial(ctx, "tcp", address); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// Goal: a node without a supervisor is waited for no longer than the context, and the error says what
// is missing. Method: an agent without a system.
func TestWaitSystemGivesUp(t *testing.T) {
	client, _ := connect(t, protocol.Silence)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := client.WaitSystem(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "reach the supervisor of here") {
		t.Errorf("waited and got %v", err)
	}
}

// Goal: the operator's tools work through both servers. Method: in a pod, files of odd sizes and
// names, a missing one, the kernel's own, one the engine has mounted; commands good and bad.
func TestSystemOfAPod(t *testing.T) {
	p := startPod(t, protocol.Silence)
	ctx := t.Context()
	name := t.TempDir() + "/made/for it/ä?&#"
	for _, data := range [][]byte{nil, []byte("x"), make([]byte, 3<<20)} {
		testkit.Must(t, p.WriteFile(ctx, harness.File{Path: name, Data: data, Mode: 0o640}))
		if read, err := p.ReadFile(ctx, name); err != nil || len(read) != len(data) {
			t.Errorf("wrote %d bytes, read %d, %v", len(data), len(read), err)
		}
	}
	if state, err := os.Stat(name); err != nil || state.Mode() != 0o640 {
		t.Errorf("its mode is %v, %v", state.Mode(), err)
	}
	testkit.Expect(t, errors.Join(p.RemoveFile(ctx, name), p.RemoveFile(ctx, name)), "")
	if _, err := p.ReadFile(ctx, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if limits, err := p.ReadFile(ctx, "/proc/1/limits"); err != nil || !strings.Contains(string(limits), "Max open files") {
		t.Errorf("a file of the kernel: %q, %v", limits, err)
	}
	if err := p.WriteFile(ctx, harness.File{Path: "/etc/resolv.conf", Data: []byte("nameserver ::1\n")}); err != nil {
		t.Errorf("a file the engine has mounted: %v", err)
	}
	if shown := p.run(t, "cat", "/etc/resolv.conf"); shown != "nameserver ::1\n" {
		t.Errorf("it says %q", shown)
	}
	var command *harness.CommandError
	if _, err := p.Exec(ctx, "sh", "-c", "echo why >&2; exit 7"); !errors.As(err, &command) || command.ExitCode != 7 ||
		command.Output != "why\n" || command.Node != "pod" {
		t.Errorf("a command that fails: %v", err)
	}
}

// Goal: a node has no way out, no name server, and the addresses it is given. Method: in a pod with
// default routes, before and after; configuring twice changes nothing.
func TestConfigure(t *testing.T) {
	p := startPod(t, protocol.Silence)
	if routes := p.run(t, "ip", "route"); !strings.Contains(routes, "default") {
		t.Fatalf("the pod has no default route to begin with:\n%s", routes)
	}
	for range 2 {
		if err := p.Configure(t.Context(), agent.Configuration{
			Addresses: prefixes("fd00:3::7/64", "10.3.0.7/24"),
			Hosts:     []byte("::1 me\n"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if routes := p.run(t, "ip", "route") + p.run(t, "ip", "-6", "route"); strings.Contains(routes, "default") {
		t.Errorf("there is a way out:\n%s", routes)
	}
	if shown := p.run(t, "ip", "addr"); !strings.Contains(shown, "fd00:3::7/64") || !strings.Contains(shown, "10.3.0.7/24") {
		t.Errorf("the addresses are not there:\n%s", shown)
	}
	p.expectAddresses(t, "fd00:1::7", "10.1.0.7") // what it had first comes first
	if files := p.run(t, "cat", "/etc/resolv.conf", "/etc/hosts"); files != "::1 me\n" {
		t.Errorf("the files say %q", files)
	}
}

// Goal: packets that leave the lab are counted, others are not. Method: in a pod with default routes,
// datagrams to an address inside and to one outside, by the agent itself.
func TestPackets(t *testing.T) {
	p := startPod(t, protocol.Silence)
	if _, err := p.Packets(t.Context()); err == nil {
		t.Error("packets were counted without a watch")
	}
	send := func(address string, count int) {
		connection, err := p.Dial(t.Context(), "udp", address)
		testkit.Must(t, err)
		defer connection.Close()
		for range count {
			if _, err := connection.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		// What was written reaches the kernel in order: an answer from the loopback comes after it.
		testkit.Must(t, p.ask(t))
	}
	for _, c := range []struct {
		address string
		want    string
	}{
		{"[fd00:1::99]:9", ""},
		{"10.1.0.99:9", ""},
		{"[2001:db8::1]:9", "fd00:1::7 > 2001:db8::1"},
		{"192.0.2.1:9", "10.1.0.7 > 192.0.2.1"},
	} {
		testkit.Must(t, p.WatchPackets(t.Context(), prefixes("fd00:1::/64", "10.1.0.0/24")))
		send(c.address, 3)
		await(t, "the packets to "+c.address, func() error {
			packets, err := p.Packets(t.Context())
			switch {
			case err != nil:
				t.Fatal(err)
			case c.want == "" && packets.Count == 0, packets.Count == 3 && len(packets.Examples) == 1 && packets.Examples[0] == c.want:
				return nil
			}
			t.Fatalf("sending 3 to %s: saw %+v, want %q", c.address, packets, c.want)
			return nil
		})
	}
}

// Goal: when the harness is gone, faults are lifted and the node ends with everything in it. Method: a
// pod with a short lease is renumbered, then left; its namespace must end.
func TestPodEndsWithItsLease(t *testing.T) {
	p := startPod(t, 2*protocol.RenewEvery)
	p.impact(t, readdress(prefixes(podIPv6), prefixes("fd00:2::7/64")), signal("STOP"))
	testkit.Must(t, p.Close())
	select {
	case <-p.ended: // as the first process, the agent takes all others with it
	case <-time.After(10 * time.Second):
		t.Error("the pod goes on 10 s after its harness has gone")
	}
}
