package suite

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// examine writes what the doctor says of the suite's images into a file, for the command that asks.
func examine(t *testing.T, file string, needs []Topology) {
	t.Helper()
	var topologies []harness.Topology
	for _, need := range needs {
		topologies = append(topologies, need.topology)
	}
	text, err := json.Marshal(doctor.ExamineImages(t.Context(), image.Of(topologies...)))
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatalf("write what the doctor says: %v", err)
	}
}
