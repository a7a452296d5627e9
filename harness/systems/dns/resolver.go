package dns

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/lookup"
)

// port is where servers and resolvers answer.
const port = 53

// A Resolver is a node that answers DNS: a caching resolver, or the authoritative server itself.
type Resolver struct {
	Node string // required
	// Rate is how many seconds pass on the node's clock in one second; 0 means 1. [Resolver.CheckClock] proves it.
	Rate int
}

// String is the node, with its clock when that is one of its own: "resolver-1 (clock 480x)".
func (r Resolver) String() string {
	if r.rate() == 1 {
		return r.Node
	}
	return fmt.Sprintf("%s (clock %dx)", r.Node, r.Rate)
}

// Own is how much time passes on the resolver's clock in a span of the drill's.
func (r Resolver) Own(span time.Duration) time.Duration { return span * time.Duration(r.rate()) }

// Real is how long a span of the resolver's clock takes on the drill's.
func (r Resolver) Real(own time.Duration) time.Duration { return own / time.Duration(r.rate()) }

func (r Resolver) rate() int { return max(1, r.Rate) }

// ask puts one question to the resolver, by the observer. Recursive asks it to find the answer; otherwise it tells what it has.
func (r Resolver) ask(
	ctx context.Context, observer harness.Observer, name, kind string, recursive bool,
) ([]dns.RR, error) {
	type_, known := dns.StringToType[kind]
	if !known {
		return nil, fmt.Errorf("there are no records of the type %q", kind)
	}
	now, err := observer.Addresses(r.Node)
	if err != nil {
		return nil, fmt.Errorf("look up the addresses of %s: %w", r.Node, err)
	}
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), type_)
	question.RecursionDesired = recursive
	reply, err := lookup.Exchange(ctx, observer, harness.VantageObserver, netip.AddrPortFrom(now.IPv6, port), question)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", r.Node, harness.Plain(err))
	}
	if reply.Rcode != dns.RcodeSuccess {
		return nil, fmt.Errorf("ask %s: %s: %s", r.Node, name, dns.RcodeToString[reply.Rcode])
	}
	var records []dns.RR
	for _, record := range reply.Answer {
		if record.Header().Rrtype == type_ {
			records = append(records, record)
		}
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("ask %s: %s %w %s", r.Node, name, errNoRecord, kind)
	}
	return records, nil
}

// errNoRecord is the error of an answer that has none.
var errNoRecord = errors.New("has no record of type")

// Addresses asks the resolver, as a client of it, for the addresses of a name; having none is an error. Kind is "A" or "AAAA".
func (r Resolver) Addresses(ctx context.Context, observer harness.Observer, name, kind string) ([]netip.Addr, error) {
	records, err := r.ask(ctx, observer, name, kind, true)
	if err != nil {
		return nil, err
	}
	var addresses []netip.Addr
	for _, record := range records {
		addresses = append(addresses, addressOf(record))
	}
	return addresses, nil
}

// addressOf is what an A or AAAA record says; the zero address of another one.
func addressOf(record dns.RR) netip.Addr {
	var raw []byte
	switch record := record.(type) {
	case *dns.A:
		raw = record.A.To4()
	case *dns.AAAA:
		raw = record.AAAA
	}
	address, _ := netip.AddrFromSlice(raw)
	return address
}

// A Kept is what a cache says of a record that it holds.
type Kept struct {
	Record string        // as in a zone file, with the TTL that is left
	Left   time.Duration // of the TTL, in whole seconds of the resolver's clock
	Read   time.Time     // when that was read, on the drill's clock
	Within time.Duration // how far from that it may have been, on the resolver's clock: half the time until the answer was there
	By     Resolver
}

// LeftAt is how much of the TTL is left at another moment of the drill's clock, if nobody fetches the record anew. It is
// negative when the record has expired by then.
func (k Kept) LeftAt(moment time.Time) time.Duration { return k.Left - k.By.Own(moment.Sub(k.Read)) }

// TTLLeft reads what is left of a record's TTL in the resolver's cache, without having it fetched: one that it does not hold is
// an error. Kind is the record's type, such as "A". Asked of an authoritative server it is the whole TTL. The server must
// let clients look into its cache (unbound: access-control allow_snoop).
func (r Resolver) TTLLeft(ctx context.Context, observer harness.Observer, name, kind string) (Kept, error) {
	var closest Kept
	for i := range mostReadings {
		asked := time.Now()
		records, err := r.ask(ctx, observer, name, kind, false)
		if err != nil {
			return Kept{}, err
		}
		took := time.Since(asked)
		kept := Kept{
			Record: records[0].String(), Left: time.Duration(records[0].Header().Ttl) * time.Second,
			Read: asked.Add(took / 2), Within: r.Own(took) / 2, By: r,
		}
		if i == 0 || kept.Within < closest.Within {
			closest = kept
		}
		if closest.Within <= closeReading {
			break
		}
	}
	return closest, nil
}

// A TTL is read until the answer is there so soon, and so often at most: on a busy machine one may be late, which the resolver's
// clock makes worse.
const (
	closeReading = 500 * time.Millisecond
	mostReadings = 20
)

// How long the clock is looked at, and how far from its rate it may be: two seconds of the resolver's over that time, because a
// TTL is a whole number of seconds at both looks, and a hundredth.
const (
	clockSpan      = 2 * time.Second
	clockTolerance = 0.01
	clockReading   = 2.0
)

// CheckClock proves that the resolver's clock runs at its rate: it has the resolver keep a record whose TTL is known, which
// nobody changes, reads what is left of that two seconds apart, and returns the rate that this shows. The record is a TXT
// record. A clock that runs at another rate, or a TTL that is not the known one, is an error.
func (r Resolver) CheckClock(ctx context.Context, observer harness.Observer, name string, ttl time.Duration) (float64, error) {
	_, err := r.TTLLeft(ctx, observer, name, "TXT")
	fetched := err != nil
	if _, err := r.ask(ctx, observer, name, "TXT", true); err != nil {
		return 0, err
	}
	first, err := r.TTLLeft(ctx, observer, name, "TXT")
	if err != nil {
		return 0, err
	}
	oneLook := r.Own(oneReading) + time.Second
	if first.Left > ttl || fetched && first.Left < ttl-oneLook {
		return 0, fmt.Errorf("%s keeps %s for %v when it has just asked: its TTL is %v", r, name, first.Left, ttl)
	}
	timer := time.NewTimer(clockSpan)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-timer.C:
	}
	second, err := r.TTLLeft(ctx, observer, name, "TXT")
	if err != nil {
		return 0, err
	}
	span := second.Read.Sub(first.Read)
	rate := (first.Left - second.Left).Seconds() / span.Seconds()
	if off := math.Abs(rate - float64(r.rate())); off > clockTolerance*float64(r.rate())+clockReading/span.Seconds() {
		return rate, fmt.Errorf("%s: its clock runs %.1f times as fast: nothing that it keeps expires when it should", r, rate)
	}
	return rate, nil
}

// oneReading is longer than asking for a record and reading its TTL takes on a busy machine.
const oneReading = 500 * time.Millisecond
