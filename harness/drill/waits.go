package drill

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// The waits of the conductor.
var (
	// waitForSteadyState has to cover a cluster that has just been started on a starved machine:
	// elections and the first job take about a minute on two cores that seven systems share.
	waitForSteadyState = harness.Wait{For: "the steady state", Interval: 50 * time.Millisecond, Limit: 3 * time.Minute}
	// waitForWrites allows some of the first writes to be refused: a new leader may still warm up.
	waitForWrites = harness.Wait{For: "acknowledged writes", Interval: 20 * time.Millisecond, Limit: time.Minute}
	// waitForFailure and waitForRecovery get their limits from the drill's objective. Their intervals
	// are shorter than any probe's period: what they look at is already in memory.
	waitForFailure  = harness.Wait{For: "the steady state to break", Interval: 20 * time.Millisecond}
	waitForRecovery = harness.Wait{For: "the steady state to come back", Interval: 20 * time.Millisecond}
	// waitForSample gets its words and its limit from the call; what it looks at is in memory too.
	waitForSample = harness.Wait{Interval: 20 * time.Millisecond}
	// waitForReading reads a ledger back from a cluster that has only just recovered.
	waitForReading = harness.Wait{For: "the ledger to be read", Interval: time.Second, Limit: time.Minute}
)

// The time limits of the conductor's single calls.
const (
	// writeLimit is the time one write may take. After it the outcome is unknown, as it is for a
	// client that hangs up.
	writeLimit = 2 * time.Second
	// lastWritesLimit is the time the writes in flight get to end by their own limit.
	lastWritesLimit = writeLimit + time.Second
	// readLimit is the time one attempt to read a ledger back may take.
	readLimit = 10 * time.Second
	// confirmLimit is the time the proof that a fault bites may take.
	confirmLimit = 30 * time.Second
	// auditLimit is the time that all nodes together get for their fingerprints, and again for the search
	// for old addresses. One fingerprint takes well under 2 s; the first one reads every program of a node.
	auditLimit = 20 * time.Second
	// endLimit is how long a step or a check that is broken off may take to return; one that takes
	// longer is left behind.
	endLimit = 5 * time.Second
	// closeLimit bounds all that Close does, the revert included: a node that was without power may
	// have to start first.
	closeLimit = 90 * time.Second
)
