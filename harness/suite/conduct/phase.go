package conduct

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// phaseSpan is the span in which the fault of a repeated drill falls, unless it says otherwise. What recovers here beats once a
// second: Raft's leader is given up after a second without a heartbeat, and gossip probes one member a
// second. Two of those beats are covered, so that every moment between them is as likely as any other.
const phaseSpan = 2 * time.Second

// An Option changes what is usual for a drill.
type Option func(*options)

type options struct{ phaseSpan time.Duration }

// PhaseSpan is for systems that beat more slowly than once a second: the fault of a repeated drill falls
// anywhere in that span, which should be a multiple of every beat.
func PhaseSpan(span time.Duration) Option {
	return func(chosen *options) { chosen.phaseSpan = span }
}

func choose(given []Option) options {
	chosen := options{phaseSpan: phaseSpan}
	for _, option := range given {
		option(&chosen)
	}
	return chosen
}

// phase draws by how much the fault of a spec is put off, to the millisecond: another one for every
// seed and every spec, and the same one again for the same two.
func phase(seed int64, spec string, span time.Duration) time.Duration {
	name := fnv.New64a()
	_, _ = name.Write([]byte(spec))                           // a hash never fails
	draw := rand.New(rand.NewPCG(uint64(seed), name.Sum64())) //nolint:gosec // repeatable on purpose
	return time.Duration(draw.Int64N(span.Milliseconds())) * time.Millisecond
}

// drawnPhase is the phase of a spec, or 0 in a run that does not ask for one.
func drawnPhase(config contract.Config, seed int64, spec string, span time.Duration) time.Duration {
	if !config.Phase {
		return 0
	}
	return phase(seed, spec, span)
}
