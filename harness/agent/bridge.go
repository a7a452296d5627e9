package agent

import (
	"encoding/json"
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// A BridgeEnd is one of the two containers of [Image] between which the trial of a network sends. It has to be given the
// addresses in Own, the rights of [Capabilities], and the entrypoint of its side.
type BridgeEnd = protocol.BridgeEnd

// BridgeEnds are the two ends, which differ in nothing but their addresses.
func BridgeEnds() (sender, receiver BridgeEnd) { return protocol.BridgeSender, protocol.BridgeReceiver }

// A BridgeReport says which packets cross a network as they were sent.
type BridgeReport = protocol.BridgeReport

// BridgeReceiverEntrypoint is the entrypoint of the receiving end, which runs until it is ended.
func BridgeReceiverEntrypoint() []string {
	return []string{harness.AgentPath, "trial", "--bridge-receiver"}
}

// BridgeSenderEntrypoint is the entrypoint of the sending end. It exits with 0 and prints what [ReadBridgeReport] reads, or
// with 1 and a sentence when not even the network's own packets cross it.
func BridgeSenderEntrypoint() []string {
	return []string{harness.AgentPath, "trial", "--bridge-sender"}
}

// ReadBridgeReport reads what the sending end has printed.
func ReadBridgeReport(printed string) (BridgeReport, error) {
	var report BridgeReport
	if err := json.Unmarshal([]byte(printed), &report); err != nil {
		return report, fmt.Errorf("read the report about a network: %w", err)
	}
	return report, nil
}
