package dns

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// The machines of the tests.
const (
	nameServer = "ns-1"
	cacheNode  = "resolver-1"
	atServer   = "[fd00:d1::41]:53"
	atCache    = "[fd00:d1::42]:53"
	origin     = "reprise.test"
	siteName   = "site.reprise.test"
)

// zoneText is the zone of the tests.
const zoneText = `$ORIGIN reprise.test.
$TTL 14400
@	SOA	ns-1 hostmaster 2020012001 3600 600 604800 60
@	NS	ns-1
ns-1	AAAA	fd00:d1::41
site	A	10.201.1.31
site	AAAA	fd00:d1::31
clock	86400	TXT	"a known TTL"
`

var zone = Zone{Node: nameServer, Origin: origin, File: "/etc/nsd/zones/reprise.test.zone"}

// machines are a name server, a resolver and the machine of a site.
func machines(t *testing.T, text string) *labtest.Lab {
	t.Helper()
	lab := labtest.New(harness.Topology{Nodes: []harness.Node{
		{
			Name: nameServer, IPv6: netip.MustParseAddr("fd00:d1::41"), IPv4: netip.MustParseAddr("10.201.1.41"),
			System: harness.System{Command: []string{"nsd"}, Files: []harness.File{{Path: zone.File, Data: []byte(text)}}},
		},
		{Name: cacheNode, IPv6: netip.MustParseAddr("fd00:d1::42"), IPv4: netip.MustParseAddr("10.201.1.42")},
		{Name: "client-1", IPv6: netip.MustParseAddr("fd00:d1::31"), IPv4: netip.MustParseAddr("10.201.1.31")},
	}})
	t.Cleanup(lab.Close)
	return lab
}

// A fakeServer answers from a zone. A cache counts TTLs down, at some rate, and asks for what it does not have only when it is
// to.
type fakeServer struct {
	mutex   sync.Mutex
	records []dns.RR
	rate    int                  // of a cache's clock; 0: it is the server itself
	fetched map[string]time.Time // when a cache has fetched what it has
}

func serving(t *testing.T, text string, rate int) *fakeServer {
	t.Helper()
	records, err := parse(origin, []byte(text))
	labtest.Expect(t, err, "")
	return &fakeServer{records: records, rate: rate, fetched: map[string]time.Time{}}
}

func (s *fakeServer) answer(packed []byte) []byte {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	question := new(dns.Msg)
	if question.Unpack(packed) != nil {
		return nil
	}
	asked := question.Question[0]
	reply := new(dns.Msg).SetReply(question)
	known := false
	for _, record := range s.records {
		known = known || record.Header().Name == asked.Name
		if record.Header().Name == asked.Name && record.Header().Rrtype == asked.Qtype && s.has(asked, question.RecursionDesired) {
			told := dns.Copy(record)
			if s.rate > 0 {
				kept := time.Since(s.fetched[asked.String()]) * time.Duration(s.rate)
				told.Header().Ttl -= uint32(kept / time.Second)
			}
			reply.Answer = append(reply.Answer, told)
		}
	}
	if !known {
		reply.Rcode = dns.RcodeNameError
	}
	out, _ := reply.Pack()
	return out
}

// has fetches what it does not have, if it is to.
func (s *fakeServer) has(asked dns.Question, fetch bool) bool {
	if s.rate == 0 {
		return true
	}
	if _, has := s.fetched[asked.String()]; !has && fetch {
		s.fetched[asked.String()] = time.Now()
	}
	_, has := s.fetched[asked.String()]
	return has
}

// moved is the zone of the tests after the site's A record was changed.
func moved() string { return strings.ReplaceAll(zoneText, "10.201.1.31", "10.201.2.31") }
