// Package vrrp drives routers that share addresses by VRRP and tell the rest of the network by OSPF who of
// them is master: keepalived and FRR, whose daemons do what Quagga's did. It was written against keepalived
// 2.2 and FRR 8.4.
//
// Scenarios and the command line import it; it imports harness only. A [Pair] names what the probes, faults
// and runbooks are about:
//
//	pair := vrrp.Pair{First: "gulp", Second: "odlyd", Shared: vips, MasterFile: "/etc/keepalived/MASTER"}
//	settings, err := pair.ReadSettings(ctx, lab)                        // as the routers are configured
//	err = drill.Watch(ctx, pair.Holders()...)                           // who has which shared address
//	err = drill.Baseline(ctx, harness.All(vrrp.Reaches("client-1", server)))
//	err = drill.Inject(ctx, vrrp.MasterFile{Pair: pair, Router: "gulp"}) // planned: the file goes
//	...
//	counts := pair.CountMasters(record)                                 // seconds with no, one and two masters
//	lost := vrrp.Lost(record, "client-1", path, gateway)                // what of an outage was VRRP's, what OSPF's
//	predicted := settings.HandOver()                                    // what the settings alone say
//
// # Two parts of an outage
//
// A client that gets no answer from behind the routers is in one of two situations. As long as nobody answers
// at the shared address either, it has no gateway: that is VRRP's part. Once somebody does, that router may not
// know the way on, or the way back may still lead to the other one: that is OSPF's part. Both are measured by
// the same client at the same rate, so that the difference is a figure and no guess.
package vrrp
