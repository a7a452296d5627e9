package reports

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// TestDifferences proves what counts as another judgement. Goal: a verdict or a figure that changed is
// told; what an old judgement could not know, and the wording of reasons, is not. Method: change one
// thing at a time in the stored judgement of a drill with outages, steps and spared SLIs.
func TestDifferences(t *testing.T) {
	now := judged(madeUpDrill(t, "second-fault")).Judgement
	for name, test := range map[string]struct {
		change func(*harness.Judgement)
		want   []string
	}{
		"nothing": {func(*harness.Judgement) {}, nil},
		"verdict": {
			func(j *harness.Judgement) { j.Verdict, j.AsClaimed = harness.Missed, false },
			[]string{"verdict: missed, now met", "as_claimed: false, now true"},
		},
		"wording": {func(j *harness.Judgement) { j.Reasons = []string{"in other words"} }, nil},
		"an old record": {func(j *harness.Judgement) {
			j.Repairs, j.Spared, j.Resolution = nil, nil, 20*time.Millisecond
			j.Outages[0].Resolution = 0
		}, nil},
		"an old record's figure": {func(j *harness.Judgement) {
			j.Outages[0].Resolution, j.Outages[0].Down = 0, time.Second
		}, []string{`outage of "nomad quorum of 3", down: 1s, now 17.1809s`}},
		"a newer record's bounds": {func(j *harness.Judgement) {
			j.Resolution, j.Outages[0].Inconclusive = time.Millisecond, "nobody looked"
		}, []string{"resolution: 1ms, now 21.11ms", `outage of "nomad quorum of 3", inconclusive: "nobody looked", now ""`}},
		"spared": {
			func(j *harness.Judgement) { j.Spared = []string{"another"} },
			[]string{`spared: ["another"], now ["traefik answers"]`},
		},
		"another outage": {
			func(j *harness.Judgement) { j.Outages[0].SLI = "another" },
			[]string{`outage of "another": down for 17.1809s, now none`, `outage of "nomad quorum of 3": none, now down for 17.1809s`},
		},
	} {
		stored := now
		stored.Outages = slices.Clone(now.Outages)
		test.change(&stored)
		if got := differences(stored, now); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, test.want)
		}
	}
}
