//go:build linux

package agent_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/agent/internal/agentd"
	"github.com/reprise-dr/reprise/harness/agent/internal/echoserver"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/agent/internal/supervisor"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// A pod without an engine: this test program starts itself again as the first process of namespaces
// of its own, and there once more as the supervisor and as the product. The variable says as what.
const roleVariable = "REPRISE_TEST_ROLE"

const (
	podIPv6 = "fd00:1::7/64"
	podIPv4 = "10.1.0.7/24"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	log.SetPrefix(role + ": ")
	if err := play(role); err != nil {
		log.Fatal(err)
	}
}

func play(role string) error {
	ctx := context.Background()
	switch role {
	case "agent":
		return playAgent(ctx)
	case "supervisor":
		listener, err := supervisor.Listen(log.Default())
		if err != nil {
			return err
		}
		// The product is a shell that starts a service which is meant to outlive it.
		product := fmt.Sprintf("%s=service %s & exec sleep 600", roleVariable, os.Args[0])
		return supervisor.New(supervisor.Options{Command: []string{"sh", "-c", product}, Log: log.Default()}).Serve(ctx, listener)
	case "service":
		return echoserver.Serve(ctx, "[::]:8080")
	case "intruder":
		return askSupervisor(ctx, 0)
	case "intruder without rights":
		return askSupervisor(ctx, 65534)
	case "set rules":
		return setRules()
	case "show rules":
		return showRules()
	}
	return fmt.Errorf("no role %q", role)
}

func playAgent(ctx context.Context) error {
	if err := setUp(); err != nil {
		return fmt.Errorf("set up the pod: %w", err)
	}
	supervisor := exec.Command(os.Args[0])
	supervisor.Env = append(os.Environ(), roleVariable+"=supervisor")
	supervisor.Stdout, supervisor.Stderr = os.Stderr, os.Stderr
	if err := supervisor.Start(); err != nil {
		return err
	}
	go agentd.Reap(ctx)
	lease, err := time.ParseDuration(os.Getenv("REPRISE_TEST_LEASE"))
	if err != nil {
		return err
	}
	return agentd.Run(ctx, agentd.Options{
		Stream: agentd.Stdio(), SystemSocket: protocol.SystemSocket, Silence: lease,
		Log: log.Default(),
	})
}

// setUp does for the namespaces what an engine would: /proc, files and folders of their own, a
// link with addresses and a way out.
func setUp() error {
	if os.Getpid() != 1 {
		return errors.New("this is not the first process of its namespace")
	}
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return err
	}
	for _, file := range []string{"/etc/hosts", "/etc/resolv.conf"} {
		own := filepath.Join(os.Getenv("REPRISE_TEST_FOLDER"), filepath.Base(file))
		if err := errors.Join(os.WriteFile(own, []byte("from the engine\n"), 0o644),
			unix.Mount(own, file, "", unix.MS_BIND, "")); err != nil {
			return err
		}
	}
	err := errors.Join(unix.Mount("proc", "/proc", "proc", 0, ""), unix.Mount("tmpfs", "/run", "tmpfs", 0, ""))
	if err != nil {
		return err
	}
	return makeNetwork()
}

func makeNetwork() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	beyond, err := otherNamespace()
	if err != nil {
		return err
	}
	defer beyond.Close()
	cable := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "far", PeerNamespace: netlink.NsFd(beyond.Fd())}
	if err := errors.Join(netlink.LinkSetUp(loopback), netlink.LinkAdd(cable)); err != nil {
		return err
	}
	there, err := netlink.NewHandleAt(netns.NsHandle(beyond.Fd()))
	if err != nil {
		return err
	}
	far, err := there.LinkByName("far")
	if err != nil {
		return err
	}
	here := &netlink.Handle{}
	err = errors.Join(
		plug(here, cable, podIPv6, podIPv4),
		plug(there, far, "fd00:1::1/64", "10.1.0.1/24", "fd00:1::99/64", "10.1.0.99/24", "fe80::f1/64",
			"192.0.2.7/32", "2001:db8::7/128"),
	)
	if err != nil {
		return err
	}
	for _, gateway := range []string{"fd00:1::1", "10.1.0.1"} {
		if err := netlink.RouteAdd(&netlink.Route{LinkIndex: cable.Attrs().Index, Gw: net.ParseIP(gateway)}); err != nil {
			return err
		}
	}
	// The other end of the cable stays for as long as somebody holds its namespace: this process.
	_, err = unix.Dup(int(beyond.Fd()))
	return err
}

// otherNamespace makes a network namespace that nobody is in. Its thread goes back: the first thread of the process, by
// which others find the pod's namespace, never ends.
func otherNamespace() (*os.File, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	path := fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid())
	own, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer own.Close()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	other, err := os.Open(path)
	return other, errors.Join(err, unix.Setns(int(own.Fd()), unix.CLONE_NEWNET))
}

// plug takes a link up and gives it addresses.
func plug(handle *netlink.Handle, link netlink.Link, texts ...string) error {
	if err := handle.LinkSetUp(link); err != nil {
		return err
	}
	for _, text := range texts {
		address, err := netlink.ParseAddr(text)
		if err != nil {
			return err
		}
		if address.IP.To4() == nil {
			address.Flags = unix.IFA_F_NODAD
		}
		if err := handle.AddrAdd(link, address); err != nil {
			return err
		}
	}
	return nil
}

// A pod is the namespaces and a client of the agent in them.
type pod struct {
	*agent.Client
	process *exec.Cmd
	ended   chan error
}

type stdio struct {
	io.Reader
	io.WriteCloser
}

// startPod starts a pod whose product runs. It ends with the test.
func startPod(t *testing.T, lease time.Duration) *pod {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make the namespaces of a pod")
	}
	p := &pod{process: exec.Command(os.Args[0]), ended: make(chan error, 1)}
	p.process.Env = append(os.Environ(), roleVariable+"=agent", "REPRISE_TEST_FOLDER="+t.TempDir(),
		"REPRISE_TEST_LEASE="+lease.String())
	p.process.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		Pdeathsig:  unix.SIGKILL,
	}
	p.process.Stderr = os.Stderr
	input, inErr := p.process.StdinPipe()
	output, outErr := p.process.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.process.Start()); err != nil {
		t.Skipf("the namespaces of a pod cannot be made here: %v", err)
	}
	go func() { p.ended <- p.process.Wait() }()
	t.Cleanup(func() { _ = p.process.Process.Kill() })
	var err error
	if p.Client, err = agent.Connect(t.Context(), "pod", stdio{output, input}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	testkit.Must(t, errors.Join(p.WaitSystem(t.Context()), p.Start(t.Context())))
	p.awaitService(t)
	return p
}

// awaitService waits until the product's service answers.
func (p *pod) awaitService(t *testing.T) {
	t.Helper()
	await(t, "the service to answer", func() error { return p.ask(t) })
}

// ask asks the service over the pod's loopback.
func (p *pod) ask(t *testing.T) error {
	connection, err := p.Dial(t.Context(), "tcp", "127.0.0.1:8080")
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return err
	}
	answer, err := io.ReadAll(connection)
	if err != nil || !strings.Contains(string(answer), `"pid":`) {
		return fmt.Errorf("the service answered %q, %w", answer, err)
	}
	return nil
}

// run runs a command in the pod and returns what it printed.
func (p *pod) run(t *testing.T, argv ...string) string {
	t.Helper()
	output, err := p.Exec(t.Context(), argv...)
	testkit.Must(t, err)
	return string(output)
}

// state is the letter the kernel shows for a process: R or S while it runs, T when it is stopped.
func (p *pod) state(t *testing.T, pid int) string {
	t.Helper()
	stat, err := p.ReadFile(t.Context(), "/proc/"+strconv.Itoa(pid)+"/stat")
	testkit.Must(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[:1]
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() error) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited 10 s for %s: %v", what, err)
		}
	}
}

func prefixes(texts ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, text := range texts {
		parsed = append(parsed, netip.MustParsePrefix(text))
	}
	return parsed
}
