package agent_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness/agent"
)

// The agent is an image of its own, and its container needs few rights.
func Example() {
	fmt.Println(agent.Image().Name, agent.Capabilities())
	// Output:
	// agent [NET_ADMIN NET_RAW KILL]
}
