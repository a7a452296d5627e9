// Package bench measures the harness itself: how long a lab takes to start, what faults, ledgers and fingerprints cost, how
// routers fail over, and what labs leave behind. A target that is missed is a figure of the report, not an error.
package bench
