package drill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/judge"
)

// secretCluster is a cluster whose nodes have a secret.
type secretCluster struct {
	*fakeCluster
	secret harness.Secret
}

func (c secretCluster) Topology() harness.Topology {
	topology := c.fakeCluster.Topology()
	topology.Nodes[0].System.Secrets = []harness.Secret{c.secret}
	return topology
}

// Goal: a secret of the topology is in nothing that a drill gives away: records that are saved and returned, events that are
// told, errors of steps; and judging the record again finds the same. Method: a drill in which all that it is told of has one.
func TestSecretsStayInTheDrill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := harness.NewSecret("admin")
		saved, seen := &saves{}, &watcher{}
		cluster := secretCluster{newFakeCluster(), secret}
		told := ""
		drill, err := New(cluster, harness.Plan{
			ID: "fake", Scenario: "fake", Title: "log in with " + secret.Value,
			Objective: harness.Objective{RTO: time.Minute, NoData: true},
			Save:      saved.save, OnEvent: seen.take,
			Tell: func(sentence string) { told += sentence }, //nolint:staticcheck // it works for as long as it is there
		})
		testkit.Must(t, err)
		var failures []error
		step := func(err error) { failures = append(failures, err) }
		probe := fakeProbe{name: "login", period: time.Second, cluster: cluster.fakeCluster}
		cluster.fail("Get http://x/?password="+secret.Value, "login")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		step(drill.Baseline(ctx, harness.All(probe)))
		cancel()
		drill.Finding("it is " + secret.Value)
		drill.Doubt("nobody should know " + secret.Value)
		drill.Observe("log of "+secret.Value, "nomad-1", strings.Repeat("x", 100)+secret.Value)
		step(drill.Rehearse(t.Context(), "try "+secret.Value, func(context.Context, harness.Operator) error {
			return errors.New("no " + secret.Value)
		}))
		step(drill.Judge())
		step(drill.Close(t.Context()))
		record := drill.Record()
		saved.records = append(saved.records, record)
		text, err := json.Marshal(saved.records)
		testkit.Must(t, err)
		everything := string(text) + fmt.Sprint(seen.told("")) + fmt.Sprintf("%v", failures) + told
		if strings.Contains(everything, secret.Value) {
			t.Errorf("the secret is in %s", everything)
		}
		if strings.Count(everything, secret.Mark()) < 10 || len(saved.records) < 2 {
			t.Errorf("the secret was hardly there: %s", everything)
		}
		judged := record.Judgement
		record.Judgement = harness.Judgement{}
		if again := judge.Judge(record); !reflect.DeepEqual(again, judged) {
			t.Errorf("judged again it is\n%+v, was\n%+v", again, judged)
		}
	})
}

// Goal: a difference that is too long for a record is cut behind a secret, and not in the middle of one. Method: one with a
// secret where the cut would be.
func TestDifferencesAreCutBehindSecrets(t *testing.T) {
	secret := harness.NewSecret("cut")
	redact.Keep([]harness.Secret{secret})
	text := strings.Repeat("x", recordedText-7) + secret.Value
	got := recordDifference(harness.Difference{Before: text, After: text}, "")
	if got.Before != got.After || strings.Contains(got.Before, secret.Value[:4]) {
		t.Errorf("it is %s", got.Before)
	}
}
