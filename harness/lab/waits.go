package lab

import "time"

// The lab's limits, in one place. Each is several times what was measured on two starved cores: a
// limit that is reached means something is broken, not slow.
const (
	trialLimit   = time.Minute      // a trial of what the engine can do
	orphansLimit = 30 * time.Second // what somebody who was killed has left at work ends of its own accord
	silenceLimit = time.Minute      // a build or a pull that says nothing for so long is told about
	connectLimit = 30 * time.Second // an agent's first answer after its container was started
	systemLimit  = 60 * time.Second // a system's supervisor answers after its container was started
	closeLimit   = 2 * time.Minute  // everything of a lab is gone
	removeLimit  = 80 * time.Second // one container is gone; an engine with three labs at a load of 29 took more than 30 s
	reachEvery   = time.Second      // how often an engine that cannot be reached is asked again
	removeEvery  = 200 * time.Millisecond
	// fireLead is how far ahead the agreed instant of a strike on several nodes lies: long enough for
	// the last agent to have received the message when the processors are busy.
	fireLead = 100 * time.Millisecond
)

// engineLimits are how long each kind of call of the engine may take, see [Engine].
type engineLimits struct {
	look, change, remove, removeImage time.Duration
}

// usualLimits: what only looks is answered at once even on a starved machine; what changes something waits for the kernel.
var usualLimits = engineLimits{look: 30 * time.Second, change: time.Minute, remove: removeLimit, removeImage: 2 * time.Minute}
