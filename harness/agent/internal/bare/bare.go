//go:build linux

// Package bare asks questions by nothing but the system calls that they need: no program can ask them for less. What the
// observer takes is held against it, since most of that is the kernel's, and no two machines' kernels cost the same.
package bare

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// A Cost is what asking took.
type Cost struct {
	Processor time.Duration `json:"processor_ns"` // of the one thread that asked, in the program and in the kernel
	Elapsed   time.Duration `json:"elapsed_ns"`
	Asked     int           `json:"asked"`
	Failed    int           `json:"failed"` // without an answer within a second, or at all
}

// Ask asks all questions at once, every period, for as long as length. A question is KIND@ADDRESS:PORT, with the kinds http,
// tcp and dns, or echo@ADDRESS.
func Ask(questions []string, period, length time.Duration) (Cost, error) {
	var asked []*question
	for _, text := range questions {
		one, err := parse(text)
		if err != nil {
			return Cost{}, err
		}
		asked = append(asked, one)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used, err := processor()
	if err != nil {
		return Cost{}, err
	}
	var cost Cost
	began := time.Now()
	for due := began; time.Since(began) < length; due = due.Add(period) {
		sleep(time.Until(due))
		for _, one := range asked {
			one.send()
		}
		for _, one := range asked {
			cost.Asked++
			if !one.receive() {
				cost.Failed++
			}
		}
	}
	cost.Elapsed = time.Since(began)
	now, err := processor()
	cost.Processor = now - used
	return cost, err
}

// processor is what this thread has taken so far.
func processor() (time.Duration, error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &usage); err != nil {
		return 0, fmt.Errorf("learn what this thread has taken: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// sleep has the thread itself wait: a timer of Go's would be another thread's.
func sleep(length time.Duration) {
	if length > 0 {
		pause := unix.NsecToTimespec(length.Nanoseconds())
		_ = unix.Nanosleep(&pause, nil) // a signal wakes it early, which costs a few questions' regularity
	}
}

// A question is asked again and again.
type question struct {
	to       unix.Sockaddr
	family   int
	kind     int // of socket
	protocol int
	request  []byte
	answers  bool // the other side sends something
	whole    bool // until it hangs up
	keep     bool // one socket for all
	fd       int  // -1 without
	answer   [4096]byte
}

func parse(text string) (*question, error) {
	kind, where, _ := strings.Cut(text, "@")
	at, err := netip.ParseAddrPort(where)
	if kind == "echo" {
		var host netip.Addr
		host, err = netip.ParseAddr(where)
		at = netip.AddrPortFrom(host, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("read the question %q: %w", text, err)
	}
	host, port := at.Addr().Unmap(), int(at.Port())
	q := &question{
		fd: -1, kind: unix.SOCK_STREAM, answers: true, family: unix.AF_INET6,
		to: &unix.SockaddrInet6{Port: port, Addr: host.As16()},
	}
	if host.Is4() {
		q.family, q.to = unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: host.As4()}
	}
	switch kind {
	case "http":
		q.whole, q.request = true, fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: reprise\r\nConnection: close\r\n\r\n",
			where)
	case "tcp":
		q.answers = false
	case "dns":
		q.kind = unix.SOCK_DGRAM
		q.request, err = nameRequest(host.Is4())
	case "echo":
		q.kind, q.protocol, q.keep, q.request = unix.SOCK_DGRAM, unix.IPPROTO_ICMPV6, true, echoRequest(host.Is4())
		if host.Is4() {
			q.protocol = unix.IPPROTO_ICMP
		}
	default:
		err = fmt.Errorf("read the question %q: it is none of http, tcp, dns and echo", text)
	}
	return q, err
}

// nameRequest asks for addresses of the other family than the server's, as the calibration's questions do.
func nameRequest(four bool) ([]byte, error) {
	records := dns.TypeA
	if four {
		records = dns.TypeAAAA
	}
	packed, err := new(dns.Msg).SetQuestion("site.example.", records).Pack()
	if err != nil {
		return nil, fmt.Errorf("write the question for a name: %w", err)
	}
	return packed, nil
}

// echoRequest has neither number nor sum: the kernel puts them in. It is as long as that of ping.
func echoRequest(four bool) []byte {
	request := make([]byte, 56)
	request[0] = byte(ipv6.ICMPTypeEchoRequest)
	if four {
		request[0] = byte(ipv4.ICMPTypeEcho)
	}
	return request
}

// send leaves the socket without a number when it fails.
func (q *question) send() {
	if q.fd < 0 {
		fd, err := unix.Socket(q.family, q.kind|unix.SOCK_CLOEXEC, q.protocol)
		if err != nil {
			return
		}
		limit := unix.NsecToTimeval(time.Second.Nanoseconds())
		if unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit) != nil || unix.Connect(fd, q.to) != nil {
			_ = unix.Close(fd)
			return
		}
		q.fd = fd
	}
	if len(q.request) > 0 && unix.Send(q.fd, q.request, unix.MSG_NOSIGNAL) != nil {
		q.close()
	}
}

// receive tells whether there was an answer.
func (q *question) receive() bool {
	if q.fd < 0 {
		return false
	}
	got, err := 1, error(nil)
	if q.answers {
		got, err = q.read()
		for more := got; q.whole && err == nil && more > 0; {
			more, err = q.read()
		}
	}
	if !q.keep || err != nil {
		q.close()
	}
	return err == nil && got > 0
}

// read waits for the next piece. The runtime's signals interrupt it, which is no answer.
func (q *question) read() (int, error) {
	for {
		n, _, err := unix.Recvfrom(q.fd, q.answer[:], 0)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (q *question) close() {
	_ = unix.Close(q.fd)
	q.fd = -1
}
