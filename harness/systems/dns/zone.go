package dns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// A Zone is one that nsd serves from a file.
type Zone struct {
	Node   string // of nsd; required
	Origin string // the zone's name, such as "reprise.test"; required
	File   string // where nsd reads it, such as "/etc/nsd/zones/reprise.test.zone"; required
}

// server is the node that answers for the zone.
func (z Zone) server() Resolver { return Resolver{Node: z.Node} }

// read reads the zone's file.
func (z Zone) read(ctx context.Context, observer harness.Observer) ([]dns.RR, error) {
	text, err := observer.ReadFile(ctx, z.Node, z.File)
	if err != nil {
		return nil, fmt.Errorf("read the zone %s: %w", z.Origin, err)
	}
	return parse(z.Origin, text)
}

// parse reads a zone: one that cannot be served as it is meant is an error.
func parse(origin string, text []byte) ([]dns.RR, error) {
	parser := dns.NewZoneParser(bytes.NewReader(text), dns.Fqdn(origin), "")
	var records []dns.RR
	for record, more := parser.Next(); more; record, more = parser.Next() {
		if record.Header().Ttl == 0 {
			return nil, fmt.Errorf("the zone %s has a TTL of 0 for %s: nobody would keep what it says", origin, record.Header().Name)
		}
		records = append(records, record)
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("the zone %s cannot be read: %w", origin, err)
	}
	if len(records) == 0 || records[0].Header().Rrtype != dns.TypeSOA {
		return nil, fmt.Errorf("the zone %s does not begin with its SOA record", origin)
	}
	return records, nil
}

// render writes a zone's file, one record in a line.
func render(records []dns.RR) []byte {
	var text bytes.Buffer
	for _, record := range records {
		fmt.Fprintln(&text, record)
	}
	return text.Bytes()
}

// raiseSerial counts the zone's serial up, by which secondaries and operators see that it is another one.
func raiseSerial(records []dns.RR) error {
	soa, ok := records[0].(*dns.SOA)
	if !ok {
		return errors.New("the zone does not begin with its SOA record")
	}
	soa.Serial++
	return nil
}

// readdress writes the present addresses into the records of these types, and of these names if there are any, and counts them.
func readdress(records []dns.RR, book drift.AddressBook, types, names []string) int {
	changed := 0
	for _, record := range selected(records, types, names) {
		now, known := book[addressOf(record)]
		if !known || now == addressOf(record) {
			continue
		}
		changed++
		switch record := record.(type) {
		case *dns.A:
			record.A = now.AsSlice()
		case *dns.AAAA:
			record.AAAA = now.AsSlice()
		}
	}
	return changed
}

// selected are the records of some types, and of some names if there are any.
func selected(records []dns.RR, types, names []string) []dns.RR {
	var found []dns.RR
	for _, record := range records {
		header := record.Header()
		named := len(names) == 0 || slices.ContainsFunc(names, func(name string) bool {
			return strings.EqualFold(dns.Fqdn(name), header.Name)
		})
		if named && slices.Contains(types, dns.TypeToString[header.Rrtype]) {
			found = append(found, record)
		}
	}
	return found
}

// validTTL says in one sentence why a TTL is none.
func validTTL(ttl time.Duration) error {
	if ttl < time.Second || ttl%time.Second != 0 || ttl > math.MaxInt32*time.Second {
		return fmt.Errorf("the TTL is %v: it is at least 1 s, and in whole seconds", ttl)
	}
	return nil
}
