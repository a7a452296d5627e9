package drill

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: the JSON of a drill's record is what the schema says. Method: validate the record of a drill.
func TestRecordOfADrillFollowsSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		testkit.Must(t, drill.finishBy(t, time.Second), drill.Close(t.Context()))
		text, err := json.Marshal(drill.Record())
		testkit.Must(t, err)
		var schema, record map[string]any
		testkit.Must(t, json.Unmarshal([]byte(harness.RecordJSONSchema()), &schema), json.Unmarshal(text, &record))
		if problem := testkit.FollowsSchema(schema, schema, record, "record"); problem != "" {
			t.Error(problem)
		}
	})
}
