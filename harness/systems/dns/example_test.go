package dns_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	miekg "github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/systems/dns"
)

// A client that goes by a name behind a cache, what that cache still gives out and for how long, and how an operator changes
// the zone. The resolver and the site are in memory.
func Example() {
	machines := labtest.New(harness.Topology{Nodes: []harness.Node{
		{Name: "resolver-1", IPv6: netip.MustParseAddr("fd00:d1::42")},
	}})
	defer machines.Close()
	machines.ServeDatagrams("[fd00:d1::42]:53", func(question []byte) []byte {
		asked := new(miekg.Msg)
		if asked.Unpack(question) != nil {
			return nil
		}
		reply := new(miekg.Msg).SetReply(asked)
		record, _ := miekg.NewRR("site.reprise.test. 14000 IN A 10.201.1.31")
		reply.Answer = append(reply.Answer, record)
		packed, _ := reply.Pack()
		return packed
	})
	machines.Serve(harness.VantageObserver, "10.201.1.31:8080", labtest.Says(http.StatusOK, "hello"))

	cache := dns.Resolver{Node: "resolver-1", Rate: 600}
	site := dns.Client{Asks: cache, Name: "site.reprise.test", Port: 8080}
	fmt.Printf("%s: %v\n", site.ByA().Name(), site.ByA().Check(context.Background(), machines))
	kept, err := cache.TTLLeft(context.Background(), machines, site.Name, "A")
	fmt.Println(kept.Left, err, "which takes", cache.Real(kept.Left).Round(time.Second))
	zone := dns.Zone{Node: "ns-1", Origin: "reprise.test", File: "/etc/nsd/zones/reprise.test.zone"}
	change := dns.Readdressing{Zone: zone, Names: []string{site.Name}, TTL: 5 * time.Minute}
	fmt.Println(change.Name())
	for _, step := range change.Steps() {
		fmt.Println("-", step.Name)
	}
	// Output:
	// site.reprise.test answers by A of resolver-1 (clock 600x): <nil>
	// 3h53m20s <nil> which takes 23s
	// zone reprise.test: write the new addresses into A and AAAA of site.reprise.test, with a TTL of 5m0s
	// - edit /etc/nsd/zones/reprise.test.zone and raise its serial
	// - have nsd on ns-1 read reprise.test
	// - wait until ns-1 serves reprise.test as it is in the file
}
