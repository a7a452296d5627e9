package suite

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"time"
)

// phaseSpan is the span in which the fault of a repeated drill falls. What recovers here beats once a
// second: Raft's leader is given up after a second without a heartbeat, and gossip probes one member a
// second. Two of those beats are covered, so that every moment between them is as likely as any other.
const phaseSpan = 2 * time.Second

// phase draws by how much the fault of a spec is put off, to the millisecond: another one for every
// seed and every spec, and the same one again for the same two.
func phase(seed int64, spec string) time.Duration {
	name := fnv.New64a()
	_, _ = name.Write([]byte(spec))                           // a hash never fails
	draw := rand.New(rand.NewPCG(uint64(seed), name.Sum64())) //nolint:gosec // repeatable on purpose
	return time.Duration(draw.Int64N(phaseSpan.Milliseconds())) * time.Millisecond
}

// drawnPhase is the phase of a spec, or 0 in a run that does not ask for one.
func drawnPhase(seed int64, spec string) time.Duration {
	if os.Getenv(drawPhase) == "" {
		return 0
	}
	return phase(seed, spec)
}
