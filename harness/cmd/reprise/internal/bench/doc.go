// Package bench measures the harness itself: how long a lab takes to start, what faults, ledgers and fingerprints cost, how
// routers fail over, and what labs leave behind. A target that is missed is a figure of the report, not an error.
//
// What measures is built with the tag bench, as the Makefile does: it needs the clients of every product, which a command in
// somebody else's module would be compiled with for nothing. The report can be read without.
package bench
