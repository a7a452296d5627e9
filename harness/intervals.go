package harness

import "time"

// Begins is when a spell counts from, as an offset from the drill's start: a failure from the question that met it, a
// return from its answer.
func (s Spell) Begins() time.Duration {
	if s.Up {
		return max(s.From, s.Seen)
	}
	return s.From
}
