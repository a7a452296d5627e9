package consul

import (
	"context"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// zone answers DNS questions for the canary with these addresses; an empty one is a name that does
// not exist.
func zone(addresses ...string) func([]byte) []byte {
	return func(packed []byte) []byte {
		question := new(dns.Msg)
		if question.Unpack(packed) != nil || question.Question[0].Name != "canary.service.consul." ||
			question.Question[0].Qtype != dns.TypeAAAA {
			return nil
		}
		reply := new(dns.Msg).SetReply(question)
		if len(addresses) == 0 {
			reply.Rcode = dns.RcodeNameError
		}
		for _, address := range addresses {
			if address == "" {
				continue
			}
			reply.Answer = append(reply.Answer, &dns.AAAA{
				Hdr:  dns.RR_Header{Name: question.Question[0].Name, Rrtype: dns.TypeAAAA, Class: dns.ClassINET},
				AAAA: netip.MustParseAddr(address).AsSlice(),
			})
		}
		answer, _ := reply.Pack()
		return answer
	}
}

func silence([]byte) []byte { return nil }

// stranger answers a question that was not asked first.
func stranger(packed []byte) []byte {
	reply := zone("fd00:d1::31")(packed)
	reply[0]++
	return reply
}

// Goal: the name is asked for at the present addresses of the servers, one after the other, and an
// answer without an address is final.
// Method: servers that answer, that are silent, that are down, that moved; with a time limit on a fake
// clock that a silent server alone would use up.
func TestResolves(t *testing.T) {
	const server1, server2, server3 = "[fd00:d1::11]:8600", "[fd00:d1::12]:8600", "[fd00:d1::13]:8600"
	cases := map[string]struct {
		servers map[string]func([]byte) []byte
		wants   string
	}{
		"the first answers": {map[string]func([]byte) []byte{server1: zone("fd00:d1::31")}, ""},
		"the first is down": {map[string]func([]byte) []byte{server2: zone("fd00:d1::31")}, ""},
		"two are silent":    {map[string]func([]byte) []byte{server1: silence, server2: silence, server3: zone("fd00:d1::31")}, ""},
		"all are down":      {nil, "consul-3: dial udp6: connection refused"},
		"all are silent": {
			map[string]func([]byte) []byte{server1: silence, server2: silence, server3: silence},
			"consul-2: no answer in time",
		},
		"the name is gone":        {map[string]func([]byte) []byte{server1: zone(), server2: zone("fd00:d1::31")}, "NXDOMAIN"},
		"the name has no address": {map[string]func([]byte) []byte{server1: zone("")}, "has no IPv6 address"},
		"somebody else's answer":  {map[string]func([]byte) []byte{server1: stranger}, "consul-1: no answer in time"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				observer := cluster(t)
				for address, answer := range c.servers {
					observer.ServeDatagrams(address, answer)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				labtest.Expect(t, Resolves("canary").Check(ctx, observer), c.wants)
			})
		})
	}
	t.Run("the servers moved", func(t *testing.T) {
		observer := cluster(t)
		observer.ServeDatagrams("[fd00:d2::11]:8600", zone("fd00:d1::31"))
		labtest.Expect(t, Resolves("canary").Check(t.Context(), observer), "connection refused")
		observer.Renumber("consul-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::11")})
		labtest.Expect(t, Resolves("canary").Check(t.Context(), observer), "")
	})
}

// Goal: going by the name means asking at the address it gave, and not elsewhere.
// Method: a service that listens at one address, and a name that gives that one or another.
func TestAnswersByName(t *testing.T) {
	cases := map[string]struct {
		gives  string
		status int
		wants  string
	}{
		"right":       {"fd00:d2::31", http.StatusOK, ""},
		"out of date": {"fd00:d1::31", http.StatusOK, "fd00:d1::31, found by name: dial tcp: connection refused"},
		"in trouble":  {"fd00:d2::31", http.StatusServiceUnavailable, "answered 503"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			observer := cluster(t)
			observer.ServeDatagrams("[fd00:d1::11]:8600", zone(c.gives))
			observer.Serve(harness.VantageObserver, "[fd00:d2::31]:8080", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
			}))
			labtest.Expect(t, AnswersByName("canary", 8080).Check(t.Context(), observer), c.wants)
		})
	}
}
