package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
)

// Goal: specs whose texts differ have different record IDs, whatever the letters, and old IDs stay as they
// are. Method: texts that only letters outside of ASCII tell apart, and two long ones that differ at the end.
func TestRecordIDTellsTextsApart(t *testing.T) {
	long := strings.Repeat("the leader is lost again and ", 12)
	seen := map[string]string{}
	for _, text := range []string{
		"Losing one machine: the leader", "the café", "the cafè", "the caf", "Ärger", "Örger", "地震", "台風", "is > 1", "up ↑", "up ↓",
		long + "comes back", long + "stays away",
	} {
		id := RecordID(text)
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %q are both %q", other, text, id)
		}
		seen[id] = text
		if err := checkID(id); err != nil || len(id) > longestRecordID {
			t.Errorf("%q gives %q, %d bytes: %v", text, id, len(id), err)
		}
	}
	for text, want := range map[string]string{
		"Losing one machine: the leader (killed)": "losing-one-machine-the-leader-killed", "Only ASCII: 42%": "only-ascii-42",
	} {
		if got := RecordID(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

// Goal: the record of the longest text is written, with all that a run adds to its ID. Method: write it.
func TestLongestRecordIDIsWritten(t *testing.T) {
	id := RecordID(strings.Repeat("0123456789 ", 60)) + "-pass-100000-without-runbook"
	if err := WriteRecord(t.TempDir(), harness.Record{Schema: harness.RecordSchema, ID: id}); err != nil {
		t.Error(err)
	}
	if err := WriteRecord(t.TempDir(), harness.Record{ID: fmt.Sprintf("%0300d", 1)}); err == nil {
		t.Error("a file name of 305 bytes was written: this test proves nothing")
	}
}
