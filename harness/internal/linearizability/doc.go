// Package linearizability decides whether a history of registers can be explained: whether there is one
// order of all operations, each at some moment between its call and its return, in which every read finds
// the value written last and every compare-and-set the value it expects (Herlihy and Wing, 1990). The
// search is porcupine's; what belongs to the search and what a person is told about its failure is decided
// here.
//
// The drill imports it; it imports harness only.
//
//	found, explanation, marked := linearizability.Check(ctx, history)
package linearizability
