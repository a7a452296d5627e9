// Package contracts runs the faults, probes, ledgers and runbooks of this repository through the contracts of package labtest on
// real labs: in memory a part proves little. `make contracts` runs those of the labs that come up quickly, as `.ci/run` does,
// and `make contracts LABELS=large` the rest: DRBD, Ganeti, Kubernetes and what else takes minutes to build or to boot. Each
// lab has a label of its own besides, such as drbd or machines, and LABELS=contracts is all of them.
//
// What a lab lets its nodes do is held against real nodes too (bounds).
//
// One lab serves many parts, one after the other: whatever a fault leaves would be found by the next one. Which parts run on no
// lab here, and why, is in the list that the tests hold against what the packages export.
package contracts
