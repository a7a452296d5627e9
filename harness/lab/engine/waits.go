package engine

import "time"

// How long an engine may take, in one place. Each is several times what was measured on two starved cores: a limit that is
// reached means something is broken, not slow.
const (
	engineAnswer = 10 * time.Second // an engine says hello, or it counts as hung
	orphansLimit = 30 * time.Second // what somebody who was killed has left at work ends of its own accord
	removeLimit  = 80 * time.Second // one container is gone; an engine with three labs at a load of 29 took more than 30 s
	removeEvery  = 200 * time.Millisecond
	reachEvery   = time.Second            // how often an engine that cannot be reached is asked again
	lockEvery    = 200 * time.Millisecond // how often a lock that another process holds is tried again
)

// callLimits are how long each kind of call of the engine may take, see [Engine].
type callLimits struct {
	look, change, remove, removeImage time.Duration
}

// usualLimits: what only looks is answered at once even on a starved machine; what changes something waits for the kernel.
var usualLimits = callLimits{look: 30 * time.Second, change: time.Minute, remove: removeLimit, removeImage: 2 * time.Minute}
