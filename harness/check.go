package harness

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// A Check is a question about the network as plain data, so that the agent of a node can ask it by
// itself, at a rate that no round trip to the harness could keep. Exactly one field is set. Every
// check opens a connection of its own: a kept one would outlive the fault it is meant to see.
type Check struct {
	HTTP *HTTPCheck `json:"http,omitempty"`
	TCP  *TCPCheck  `json:"tcp,omitempty"`
	DNS  *DNSCheck  `json:"dns,omitempty"`
	Ping *PingCheck `json:"echo,omitempty"`

	// These ask the kernel of the node that asks, and send nothing.
	Address   *AddressCheck   `json:"address,omitempty"`
	Route     *RouteCheck     `json:"route,omitempty"`
	Neighbour *NeighbourCheck `json:"neighbour,omitempty"`
}

// An HTTPCheck is a GET. The answer is yes when the status is the wanted one and the whole body
// arrives in time and contains the wanted text.
type HTTPCheck struct {
	At       netip.AddrPort `json:"at"`
	Host     string         `json:"host,omitempty"`     // of the Host header; "" means At
	Path     string         `json:"path,omitempty"`     // "" means "/"
	Status   int            `json:"status,omitempty"`   // 0 means 200
	Contains string         `json:"contains,omitempty"` // "" accepts any body
	// RetryAfter is after how long the same is asked again, over a connection of its own, when the answer was no or none has come:
	// as for somebody who reloads a page. It is asked until the schedule's limit, and the first yes counts. 0 asks once.
	RetryAfter time.Duration `json:"patience_ns,omitempty"`
}

// A TCPCheck is a connection: yes when it is accepted.
type TCPCheck struct {
	At netip.AddrPort `json:"at"`
}

// A DNSCheck asks one resolver over UDP for the addresses of a name: yes when there is one, or
// when the wanted one is among them.
type DNSCheck struct {
	Resolver netip.AddrPort `json:"resolver"`
	Name     string         `json:"name"`
	Type     string         `json:"type"` // "A" or "AAAA"
	Want     netip.Addr     `json:"want,omitzero"`
}

// A PingCheck is an ICMP echo request ("ping"), of the family of the address.
type PingCheck struct {
	At netip.Addr `json:"at"`
}

// An AddressCheck is whether the node answers to an address now, such as that of a virtual router. One on
// an interface that is down is none.
type AddressCheck struct {
	Has    netip.Addr `json:"has"`
	Absent bool       `json:"absent,omitempty"` // true: yes when the node does not answer to it
}

// A RouteCheck is whether the node's main table has a route to exactly that prefix: yes when there is
// one, or when the wanted next hop is among its next hops.
type RouteCheck struct {
	To  netip.Prefix `json:"to"`
	Via netip.Addr   `json:"via,omitzero"`
}

// A NeighbourCheck is whether the node would send what is for an address of one of its networks to
// that hardware address, as ARP or neighbour discovery has told it.
type NeighbourCheck struct {
	At netip.Addr `json:"at"`
	Is string     `json:"is"` // such as "02:42:0a:ca:01:0b"
}

// Validate says in one sentence what is wrong with the check.
func (q Check) Validate() error {
	set := 0
	var problem error
	asked := func(problemOf error) { set, problem = set+1, problemOf }
	if q.HTTP != nil {
		asked(validTarget("HTTP", q.HTTP.At.IsValid()))
	}
	if q.TCP != nil {
		asked(validTarget("TCP", q.TCP.At.IsValid()))
	}
	if q.DNS != nil {
		asked(q.DNS.validate())
	}
	if q.Ping != nil {
		asked(validTarget("echo", q.Ping.At.IsValid()))
	}
	if q.Address != nil {
		asked(validTarget("address", q.Address.Has.IsValid()))
	}
	if q.Route != nil {
		asked(validTarget("route", q.Route.To.IsValid()))
	}
	if q.Neighbour != nil {
		asked(q.Neighbour.validate())
	}
	if set != 1 {
		return fmt.Errorf("a check is one of HTTP, TCP, DNS, echo, address, route and neighbour, and this one is %d of them", set)
	}
	return problem
}

func validTarget(kind string, valid bool) error {
	if !valid {
		return fmt.Errorf("the %s check has no address to go to", kind)
	}
	return nil
}

func (q NeighbourCheck) validate() error {
	if _, err := net.ParseMAC(q.Is); err != nil {
		return fmt.Errorf("the neighbour check wants the hardware address %q: it is none", q.Is)
	}
	return validTarget("neighbour", q.At.IsValid())
}

func (q DNSCheck) validate() error {
	switch {
	case !q.Resolver.IsValid():
		return errors.New("the DNS check has no resolver")
	case q.Name == "":
		return errors.New("the DNS check has no name")
	case q.Type != "A" && q.Type != "AAAA":
		return fmt.Errorf("the DNS check is for %q records: it can be A or AAAA", q.Type)
	}
	return nil
}

// A Schedule says when a question is asked: the k-th one is due Offset plus k periods after the
// first, whatever became of those before it. Waiting for slow answers would ask least when the
// service is worst ("coordinated omission").
type Schedule struct {
	Period time.Duration // must be positive
	// Limit is the time an answer may take; what takes longer is a failure. 0 means two periods, and
	// two seconds at least.
	Limit time.Duration
	// Offset puts the first question off, so that the questions of several probes do not come in bursts.
	Offset time.Duration
	// Aligned asks at the same moments as every other aligned schedule of this process with this period.
	// What is asked at one moment costs one waking of the processor, which is most of the cost of a cheap
	// question; a dear one should rather have an Offset.
	Aligned bool
}

// A Sample is what became of one question.
type Sample struct {
	Due   time.Time // when it should have been asked
	Asked time.Time // when it was; not before Due
	Seen  time.Time // when the answer was there, or the time limit was over
	Err   error     // nil: yes
}
