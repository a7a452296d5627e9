// Package drbd drives two machines that share a disk by DRBD 8.4, and serve what is on it over HTTP. It was written
// against DRBD 8.4.11, which is the one in Debian's kernels.
//
// A [Pair] names what the probes, faults and runbooks are about:
//
//	pair, err := drbd.PairOf(topology)
//	err = drbd.Prepare(ctx, lab, pair)                                  // meta data, file system, the first one serves
//	steady := harness.All(append(pair.InSync(), drbd.Serves(pair), drbd.OnePrimary(pair))...)
//	err = drill.Watch(ctx, pair.Primaries()...)
//	err = drill.Baseline(ctx, steady)
//	err = drill.StartWriting(ctx, harness.Ledgers(drbd.Rows(pair)))
//	err = drill.Inject(ctx, drbd.SplitBrain{Pair: pair})
//	err = drill.Detect(ctx, steady)
//	err = drill.Repair(ctx, pair.DiscardStaleSide(pair.Second))
//	err = drill.AwaitRecovery(ctx, steady)
//	two, err := pair.TwoPrimaries(drill.Record())                       // for how long both were primary
//
// # What is lost in a split brain
//
// Nobody loses anything when both sides are written to. What is lost is lost later, on purpose: when the operator says
// which side is the stale one. Its acknowledged writes are what a ledger counts as lost.
package drbd
