// Package minio drives a MinIO object store in a drill: what its nodes say of their quorums and of each other, and the procedure
// that tells them their peers' addresses anew. What its clients see is package s3's business.
//
// Nodes are those of role [ServerRole]; each is asked through its own loopback, as an operator who is logged in there does.
//
//	store := minio.Store{AccessKey: "reprise", SecretKey: fixtures.StoreSecret}
//	err := store.WaitWhole(ctx, lab)                          // the cluster has formed: make a bucket now
//	steady := harness.All(store.Whole(), minio.Writable("store-1"))
//	err = drill.Baseline(ctx, steady)
//	drill.AlsoSearch(store.PeerTexts(), minio.PoolTexts("/srv/minio")) // whom each node, and each drive, takes for its peers
//	err = drill.Repair(ctx, minio.StopRenumberStart())        // every node, also those that did not move
//
// # What a node remembers
//
// MinIO reads the list of all nodes once, at its start, and keeps connections to them for as long as it runs. No command
// gives a running node another list, and one that finds none of its own addresses in the list ends at once. The drives know
// each other by identities. Addresses are on them in one place: a copy of the list, in the object .minio.sys/pool.bin, which
// is compared with the list at a start and replaced when it differs, on as many drives as a write needs; see [PoolTexts].
//
// A node never dials all of its peers: of each two, one dials the other, which of them follows from a hash of both addresses
// as they stand in the list. After some nodes have moved, a node finds again by itself whom it dials and who did not move.
package minio
