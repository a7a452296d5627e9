// Package dns is the names of a service: an authoritative server (nsd) with its zone files, the caching resolvers that
// stand between it and the clients, the clients that go by a name, and the procedures by which an operator changes a zone.
//
// A record that is right on the authoritative server is not right for everybody: who has asked before keeps the old one for its
// TTL. How long a client is lost therefore follows from what is left of the TTL in its resolver's cache at the change:
//
//	cache := dns.Resolver{Node: "resolver-1", Rate: 480}        // 480 s pass on its clock in one
//	site := dns.Client{Asks: cache, Name: "site.reprise.test", Port: 8080}
//	zone := dns.Zone{Node: "ns-1", Origin: "reprise.test", File: "/etc/nsd/zones/reprise.test.zone"}
//
//	rate, err := cache.CheckClock(ctx, lab, "clock.reprise.test", 24*time.Hour)  // does the clock run as it should?
//	err = drill.Baseline(ctx, harness.All(site.ByA()))
//	kept, err := cache.TTLLeft(ctx, lab, "site.reprise.test", "A")
//	err = drill.Repair(ctx, dns.Readdressing{Zone: zone})
//	predicted := kept.LeftAt(t0)                                // on the resolver's clock
//
// Hours need not be waited for: a resolver may have a clock of its own that runs faster (libfaketime). Its name then says so
// wherever it is shown, and [Resolver.Own] turns a measured time into one of its clock.
package dns
