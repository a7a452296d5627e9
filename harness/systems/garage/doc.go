// Package garage drives a Garage object store in a drill: what its nodes say of their quorum and of each other, how a new
// store is given its layout, and the procedures that tell its nodes their peers' addresses anew. What its clients see is
// package s3's business.
//
// It never ran where it was written: Garage can be had from a container registry alone. Its commands and answers are those of the
// documentation and the source of Garage 1.2.0, and its tests hold it against nodes in memory that answer so.
//
// Nodes are those of role [ServerRole]; each is asked through its own loopback, as an operator who is logged in there does.
//
//	store := garage.Store{Token: fixtures.GarageToken} // of its administration
//	key := garage.Key{ID: fixtures.GarageAccess, Secret: fixtures.GarageSecret}
//	err := store.Form(ctx, lab, key) // layout and key: S3 answers from then on
//	steady := harness.All(garage.Available("garage-1"), store.Whole())
//	err = drill.Baseline(ctx, steady)
//	err = drill.Repair(ctx, garage.NodeConnect())             // no node is started again
//
// # What a node remembers
//
// A node knows its peers by their public keys. Where they are it learns from bootstrap_peers in /etc/garage.toml, from its
// peers, and from the file peer_list in its metadata, which keeps the last address of everybody; every minute it tries all of
// them again as long as somebody is missing. It announces its own address as rpc_public_addr, once it is started. The layout,
// which says who keeps which objects, names keys and no address. So a node that has moved finds again by itself who has not,
// and two nodes that have both moved find each other when one of them announces its new address, or somebody tells them:
// "garage node connect".
//
// The command itself looks for its node at rpc_public_addr: after a renumbering it finds nobody until the file has been
// corrected.
package garage
