// Package vrrp drives routers that share addresses by VRRP and tell the rest of the network by OSPF who of
// them is master: keepalived and FRR, whose daemons do what Quagga's did. It was written against keepalived
// 2.2 and FRR 8.4.
//
// A [Site] names what the probes, faults and runbooks are about, and is read out of the topology:
//
//	site, err := vrrp.SiteOf(topology)
//	settings, err := site.ReadSettings(ctx, lab)                          // as the routers are configured
//	err = site.AwaitMaster(ctx, lab, site.First)
//	err = drill.Watch(ctx, site.Watched()...)                             // who has which shared address, and more
//	err = drill.Baseline(ctx, site.Works())
//	err = drill.Inject(ctx, vrrp.MasterFile{Pair: site.Pair, Router: site.First}) // planned: the file goes
//	...
//	losses, err := site.Losses(drill.Record())                            // what of each outage was VRRP's, what OSPF's
//	counts := site.CountMasters(drill.Record())                           // seconds with no, one and two masters
//	sentence := settings.HandOver().Compare(vrrp.Worst(losses))           // what the settings alone say of it
//	stalls, err := site.Starved(ctx, lab, settings, drill.Record())       // a starved router proves nothing
//
// # Two parts of an outage
//
// A client that gets no answer from behind the routers is in one of two situations. As long as nobody answers
// at the shared address either, it has no gateway: that is VRRP's part. Once somebody does, that router may not
// know the way on, or the way back may still lead to the other one: that is OSPF's part. Both are measured by
// the same client at the same rate, so that the difference is a figure and no guess.
package vrrp
