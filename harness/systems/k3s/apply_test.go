package k3s

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// applyAPI is an API that knows namespaces and pods, and takes what is applied.
func applyAPI(taken *[]string) *api {
	take := func(w http.ResponseWriter, request *http.Request) {
		var object map[string]any
		_ = json.NewDecoder(request.Body).Decode(&object)
		*taken = append(*taken, request.URL.Path+"?"+request.URL.RawQuery)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object)
	}
	return &api{answers: map[string]any{
		"GET /api":  metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}},
		"GET /apis": metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}},
		"GET /api/v1": metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: "v1",
			APIResources: []metav1.APIResource{
				{Name: "namespaces", Kind: "Namespace", Verbs: metav1.Verbs{"patch"}},
				{Name: "pods", Kind: "Pod", Namespaced: true, Verbs: metav1.Verbs{"patch"}},
			},
		},
		"PATCH /api/v1/namespaces/web":          take,
		"PATCH /api/v1/namespaces/web/pods/a":   take,
		"PATCH /api/v1/namespaces/default/pods": take,
	}}
}

const manifest = `# a namespace first
apiVersion: v1
kind: Namespace
metadata: {name: web}
---
# nothing here
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: web}
`

// Goal: the documents of a manifest are applied in their order, by one owner that gets its way, and again
// when a server refuses at first. Method: an API that has no room for the pod the first time.
func TestApply(t *testing.T) {
	var taken []string
	served := applyAPI(&taken)
	refused := false
	take := served.answers["PATCH /api/v1/namespaces/web/pods/a"].(func(http.ResponseWriter, *http.Request))
	served.set("PATCH /api/v1/namespaces/web/pods/a", func(w http.ResponseWriter, request *http.Request) {
		if !refused {
			refused = true
			refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, "serviceaccount default not found")
			return
		}
		take(w, request)
	})
	machines := newMachines(t)
	machines.serve(t, "server-1", "secret", served)
	labtest.Expect(t, Cluster{Servers: []string{"server-1"}}.Apply(t.Context(), machines, []byte(manifest)), "")
	options := "?fieldManager=reprise&force=true&timeout=3s"
	want := []string{"/api/v1/namespaces/web" + options, "/api/v1/namespaces/web" + options, "/api/v1/namespaces/web/pods/a" +
		options}
	if !slices.Equal(taken, want) {
		t.Errorf("applied %q, want %q", taken, want)
	}
}

// Goal: what can never be accepted ends at once, and is told. Method: a manifest that is none, one that the
// API calls invalid.
func TestApplyRefused(t *testing.T) {
	machines := newMachines(t)
	var taken []string
	served := applyAPI(&taken)
	served.set("PATCH /api/v1/namespaces/web", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "metadata.name: too long")
	})
	machines.serve(t, "server-1", "secret", served)
	cluster := Cluster{Servers: []string{"server-1"}}
	labtest.Expect(t, cluster.Apply(t.Context(), machines, []byte(manifest)),
		"server-1: apply Namespace web: metadata.name: too long")
	labtest.Expect(t, cluster.Apply(t.Context(), machines, []byte("# nothing")), "there is nothing in it")
	labtest.Expect(t, cluster.Apply(t.Context(), machines, []byte("kind: Pod")), "document 1 has no kind or no name")
	labtest.Expect(t, cluster.Apply(t.Context(), machines, []byte("\t:")), "parse the manifest")
	if patches := strings.Count(strings.Join(served.requests(), " "), "PATCH"); patches != 1 {
		t.Errorf("the API was asked %d times for what it had called invalid", patches)
	}
}
