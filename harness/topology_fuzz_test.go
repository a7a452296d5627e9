package harness

import (
	"encoding/json"
	"testing"
)

// Goal: whatever a topology says, it is checked in one sentence, and one that is valid can be asked for everything that a lab
// needs. Method: a valid topology as JSON, changed at random.
func FuzzTopology(f *testing.F) {
	text, err := json.Marshal(validTopology())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(_ *testing.T, text []byte) {
		var topology Topology
		if json.Unmarshal(text, &topology) != nil || topology.Validate() != nil {
			return
		}
		for _, node := range topology.Nodes {
			topology.HostLines(node.Name)
			for _, network := range topology.Networks {
				ObserverAddress(network.IPv6)
			}
		}
	})
}
