package k3s

import (
	"net/http"
	"slices"
	"testing"

	core "k8s.io/api/core/v1"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// controlled is an API whose pods are replaced as soon as they are deleted, by ones that are Ready or not.
func controlled(ready bool) *api {
	served := podsAPI(aPod("a", "here", true), aPod("b", "here", true))
	for _, name := range []string{"a", "b"} {
		served.set("DELETE /api/v1/namespaces/web/pods/"+name, func(w http.ResponseWriter, _ *http.Request) {
			served.mutex.Lock()
			defer served.mutex.Unlock()
			list := served.answers[podsPath].(core.PodList)
			pods := slices.Clone(list.Items)
			for i, pod := range pods {
				if pod.Name == name {
					pods[i] = ending(pod)
				}
			}
			served.answers[podsPath] = core.PodList{Items: append(pods, aPod("new-"+name, "here", ready))}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"kind": "Status", "apiVersion": "v1", "status": "Success"}`))
		})
	}
	return served
}

// Goal: the runbook deletes every pod and ends when all their replacements are Ready; the fault's half ends
// when they are there. Method: an API that replaces pods, once by ones that never become Ready.
func TestRecreatePods(t *testing.T) {
	machines := newMachines(t)
	machines.serve(t, "server-1", "secret", controlled(true))
	cluster := Cluster{Servers: []string{"server-1"}}
	for _, step := range cluster.RecreatePods("web", "app=canary").Steps() {
		labtest.Expect(t, step.Do(t.Context(), machines), "")
	}
	machines.serve(t, "server-1", "secret", controlled(false))
	labtest.Expect(t, cluster.DeletePods("web", "app=canary")(t.Context(), machines), "")

	machines.serve(t, "server-1", "secret", podsAPI())
	labtest.Expect(t, cluster.DeletePods("web", "app=canary")(t.Context(), machines),
		"there is no pod app=canary in web to recreate")
}

// Goal: pods count as replaced when none of the old ones is left and there are as many new ones. Method: a table.
func TestReplaced(t *testing.T) {
	old := deletedPods{"uid of a": true, "uid of b": true}
	unready := aPod("c", "here", false)
	cases := map[string]struct {
		pods         []core.Pod
		there, ready string
	}{
		"an old one": {
			[]core.Pod{aPod("a", "here", true), aPod("c", "here", true)},
			"pod a has not been deleted yet",
			"pod a has not been deleted yet",
		},
		"too few":      {[]core.Pod{aPod("c", "here", true)}, "1 of 2 pods have been made again", "1 of 2"},
		"not Ready":    {[]core.Pod{unready, aPod("d", "here", true)}, "", "pod c is Running and not Ready"},
		"all of it":    {[]core.Pod{aPod("c", "here", true), aPod("d", "here", true)}, "", ""},
		"none at all":  {nil, "0 of 2 pods", "0 of 2 pods"},
		"more of them": {[]core.Pod{aPod("c", "here", true), aPod("d", "here", true), aPod("e", "here", true)}, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			labtest.Expect(t, replaced(c.pods, old, false), c.there)
			labtest.Expect(t, replaced(c.pods, old, true), c.ready)
		})
	}
}
