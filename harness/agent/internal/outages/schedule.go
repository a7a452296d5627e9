//go:build linux

package outages

import (
	"math"
	"math/rand/v2"
	"time"
)

// The outages' lengths, and the time between two of them. The gap is longer than what a shell loop
// takes to look twice, so that it can tell two outages apart; it is random, so that the phase of an
// outage relative to any schedule is too.
const (
	shortestOutage = 10 * time.Millisecond
	longestOutage  = 10 * time.Second
	shortestGap    = 1200 * time.Millisecond
	longestGap     = 2200 * time.Millisecond
)

// A planned outage begins when the service has been up for the gap.
type planned struct {
	gap, length time.Duration
}

// plan is what one service does: lengths are spread evenly over their logarithm, so that there are as
// many of 10 to 100 ms as of 1 to 10 s. The same seed and service give the same plan on any machine.
func plan(seed uint64, service, outages int) []planned {
	random := rand.New(rand.NewPCG(seed, uint64(service)))
	outline := make([]planned, outages)
	for i := range outline {
		ratio := float64(longestOutage) / float64(shortestOutage)
		outline[i] = planned{
			gap:    shortestGap + time.Duration(random.Int64N(int64(longestGap-shortestGap))),
			length: time.Duration(float64(shortestOutage) * math.Pow(ratio, random.Float64())),
		}
	}
	return outline
}
