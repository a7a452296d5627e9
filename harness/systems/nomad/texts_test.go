package nomad

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: what a job's specification says is there to be searched, and a server that does not answer is not
// the end. Method: one job with an address in its environment; the first server is down.
func TestJobTexts(t *testing.T) {
	server := &fakeAPI{answers: map[string]any{
		"GET /v1/jobs": []map[string]any{{"ID": "canary"}},
		"GET /v1/job/canary": map[string]any{"ID": "canary", "TaskGroups": []map[string]any{
			{"Name": "g", "Tasks": []map[string]any{{"Name": "t", "Env": map[string]string{"PEER": "fd00:d1::31"}}}},
		}},
	}}
	found, err := JobTexts().Texts(t.Context(), servers3(t, nil, server))
	labtest.Expect(t, err, "")
	if len(found) != 1 || !strings.Contains(found["canary"], `"PEER": "fd00:d1::31"`) {
		t.Errorf("found %q", found)
	}
	_, err = JobTexts().Texts(t.Context(), servers3(t, http.NotFoundHandler()))
	labtest.Expect(t, err, "nomad-1")
}

// Goal: jobs that nobody read are not passed over in silence. Method: one more job than are read.
func TestJobTextsAreBounded(t *testing.T) {
	jobs := make([]map[string]any, mostJobs+1)
	for i := range jobs {
		jobs[i] = map[string]any{"ID": "canary"}
	}
	server := &fakeAPI{answers: map[string]any{"GET /v1/jobs": jobs, "GET /v1/job/canary": map[string]any{"ID": "canary"}}}
	found, err := JobTexts().Texts(t.Context(), servers3(t, server))
	labtest.Expect(t, err, "there are 301 jobs: only 300 of them were read")
	if len(found) == 0 {
		t.Error("those that were read are lost")
	}
}
