package netcheck

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
)

// lookup asks a resolver over UDP.
type lookup struct {
	stateless
	open     open
	resolver netip.AddrPort
	question dns.Question
	query    []byte // all but its first two bytes, the number of the query
	want     netip.Addr
}

// largestAnswer is more than any datagram holds that a query without EDNS is answered with.
const largestAnswer = 4096

// buffers are used again. What is read out of one is copied.
var buffers = sync.Pool{New: func() any { return new([largestAnswer]byte) }}

func newDNS(check harness.DNSCheck, open open) (*lookup, error) {
	message := new(dns.Msg).SetQuestion(dns.Fqdn(check.Name), dns.StringToType[check.Type])
	query, err := message.Pack()
	if err != nil {
		return nil, fmt.Errorf("write the DNS check for %q: %w", check.Name, err)
	}
	return &lookup{
		open: open, resolver: check.Resolver, question: message.Question[0], query: query, want: check.Want,
	}, nil
}

func (l *lookup) ask(ctx context.Context) error {
	connection, err := l.open(ctx, "udp", l.resolver)
	if err != nil {
		return plain(ctx, err, errNoConnection)
	}
	defer connection.Close()
	number := uint16(rand.Uint32())
	taken := buffers.Get().(*[largestAnswer]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(taken)
	buffer := taken[:]
	query := append(binary.BigEndian.AppendUint16(buffer[:0], number), l.query[2:]...)
	if _, err := connection.Write(query); err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	answer, err := l.receive(connection, buffer, number)
	if err != nil {
		return plain(ctx, err, errNoAnswer)
	}
	return l.judge(answer)
}

// receive waits for the answer to this very query. Anybody can send a datagram: others are ignored.
func (l *lookup) receive(connection io.Reader, buffer []byte, number uint16) (*dns.Msg, error) {
	for {
		n, err := connection.Read(buffer)
		if err != nil {
			return nil, err
		}
		if n < 2 || binary.BigEndian.Uint16(buffer) != number {
			continue
		}
		answer := new(dns.Msg)
		if err := answer.Unpack(buffer[:n]); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		if answer.Response && slices.EqualFunc(answer.Question, []dns.Question{l.question}, sameQuestion) {
			return answer, nil
		}
	}
}

// sameQuestion compares as resolvers do, which may return the name in other letters.
func sameQuestion(a, b dns.Question) bool {
	return a.Qtype == b.Qtype && a.Qclass == b.Qclass && dns.CanonicalName(a.Name) == dns.CanonicalName(b.Name)
}

// judge looks for the wanted address among the answers, or for any.
func (l *lookup) judge(answer *dns.Msg) error {
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("%s", dns.RcodeToString[answer.Rcode])
	}
	var found []netip.Addr
	for _, record := range answer.Answer {
		var address netip.Addr
		switch record := record.(type) {
		case *dns.A:
			address, _ = netip.AddrFromSlice(record.A.To4())
		case *dns.AAAA:
			address, _ = netip.AddrFromSlice(record.AAAA.To16())
		}
		if address.IsValid() && record.Header().Rrtype == l.question.Qtype {
			found = append(found, address)
		}
	}
	switch {
	case len(found) == 0:
		return fmt.Errorf("the answer has no %s record", dns.TypeToString[l.question.Qtype])
	case l.want.IsValid() && !slices.Contains(found, l.want):
		return fmt.Errorf("the answer is %v, without %s", found, l.want)
	}
	return nil
}
