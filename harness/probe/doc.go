// Package probe has the probes that know no product. A [NetworkProbe] is asked by the agent of a node itself, at a rate that no
// round trip to the harness could keep: which node answers to an address, whether one is reached, which route a kernel takes.
// A [Func] is asked by the harness: a product's own claims are that.
//
//	had := probe.Holds("odlyd", netip.MustParseAddr("10.202.1.254"))
//	reached := probe.Reaches("client-1", site.Server.IPv4)
//	works := probe.Func{Label: "the shop takes orders", Every: time.Second, Ask: order}
package probe
