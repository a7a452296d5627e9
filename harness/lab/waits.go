package lab

import "time"

// The lab's limits, in one place. Each is several times what was measured on two starved cores: a
// limit that is reached means something is broken, not slow.
const (
	connectLimit = 30 * time.Second // an agent's first answer after its container was started
	systemLimit  = 60 * time.Second // a system's supervisor answers after its container was started
	closeLimit   = 2 * time.Minute  // everything of a lab is gone
	// fireLead is how far ahead the agreed instant of a strike on several nodes lies: long enough for
	// the last agent to have received the message when the processors are busy.
	fireLead = 100 * time.Millisecond
)
