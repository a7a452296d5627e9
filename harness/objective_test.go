package harness

import (
	"strings"
	"testing"
	"time"
)

// Goal: an objective says either when the service has to be back or that nobody may notice, not both and not neither.
// Method: the three kinds.
func TestObjectiveHasOneTargetOfTime(t *testing.T) {
	for objective, wrong := range map[Objective]string{
		{Unnoticed: true}: "", {RTO: time.Second}: "", {}: "must be longer than zero",
		{RTO: time.Second, Unnoticed: true}: "leave it out",
	} {
		err := objective.Validate()
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v, want %q", objective, err, wrong)
		}
	}
}
