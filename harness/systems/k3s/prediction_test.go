package k3s

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// defaults are the settings of Kubernetes 1.34.
var defaults = settings{leaseDuration: 40 * time.Second, monitorPeriod: 5 * time.Second, gracePeriod: 50 * time.Second}

// tolerant is a pod on agent-1 that stays this many seconds on a node that is unreachable; below 0 for ever.
func tolerant(seconds int64) core.Pod {
	pod := aPod("canary", "agent-1", true)
	toleration := core.Toleration{
		Key: core.TaintNodeUnreachable, Operator: core.TolerationOpExists,
		Effect: core.TaintEffectNoExecute, TolerationSeconds: &seconds,
	}
	if seconds < 0 {
		toleration.TolerationSeconds = nil
	}
	pod.Spec.Tolerations = []core.Toleration{{Key: "other", Operator: core.TolerationOpExists}, toleration}
	created := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	pod.CreationTimestamp = metav1.NewTime(created)
	pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(created.Add(3 * time.Second))
	return pod
}

// Goal: the bounds follow from the settings. Method: a table, worked out by hand: a heartbeat is up to 10.4 s
// old, seen up to 5 s late, its absence noticed up to 5 s late, the taint up to 5.1 s late.
func TestPrediction(t *testing.T) {
	quick := defaults
	quick.gracePeriod = 16 * time.Second
	leading := defaults
	leading.election = election{leader: "agent-1", leaseDuration: 15 * time.Second, retryPeriod: 2 * time.Second}
	restarted := tolerant(300)
	restarted.Status.ContainerStatuses = []core.ContainerStatus{{RestartCount: 1}}
	bare := aPod("canary", "agent-1", false)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	type bounds struct{ shortest, longest time.Duration }
	cases := map[string]struct {
		settings settings
		pod      core.Pod
		unready  bounds
		created  bounds
		ready    bounds // zero: unknown
	}{
		"defaults": {
			defaults, tolerant(300),
			bounds{ms(39600), ms(60000)},
			bounds{ms(339600), ms(365100)},
			bounds{ms(341600), ms(369100)},
		},
		"tuned": {
			quick, tolerant(10),
			bounds{ms(5600), ms(26000)},
			bounds{ms(15600), ms(41100)},
			bounds{ms(17600), ms(45100)},
		},
		"tolerates nothing": {defaults, bare, bounds{ms(39600), ms(60000)}, bounds{ms(39600), ms(65100)}, bounds{}},
		"no start to go by": {defaults, restarted, bounds{ms(39600), ms(60000)}, bounds{ms(339600), ms(365100)}, bounds{}},
		"controller lost too": {
			leading, tolerant(300),
			bounds{ms(63000), ms(78800)},
			bounds{ms(363000), ms(383900)},
			bounds{ms(365000), ms(387900)},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			prediction := predict(c.settings, c.pod)
			for change, want := range map[Change]bounds{NodeUnready: c.unready, PodCreated: c.created, PodReady: c.ready} {
				shortest, longest, known := prediction.Until(change)
				if got := (bounds{shortest, longest}); got != want || known != (want != bounds{}) {
					t.Errorf("%s: %v, want %v", change, got, want)
				}
			}
		})
	}
	forever := predict(defaults, tolerant(-1))
	if _, _, known := forever.Until(PodEvicted); known || !forever.Never || !strings.Contains(forever.String(), "never") {
		t.Errorf("a pod that stays for ever: %s", forever)
	}
}

// Goal: the report puts measured beside predicted, says by how much they differ, and what the last heartbeat
// explains. Method: a timeline with one stage as predicted, one late, one early, one that never came.
func TestCompare(t *testing.T) {
	lost := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return lost.Add(time.Duration(s * float64(time.Second))) }
	timeline := Timeline{Node: "agent-1", Lost: lost, Heartbeat: at(-8), Moments: []Moment{
		{At: at(-20), Change: PodReady, Subject: "canary-old", Node: "agent-2"},
		{At: at(44), Change: NodeUnready, Subject: "agent-1", Node: "agent-1", Detail: "Unknown, NodeStatusUnknown"},
		{At: at(70), Change: NodeTainted, Subject: "agent-1", Node: "agent-1"},
		{At: at(100), Change: PodEvicted, Subject: "canary-a", Node: "agent-1"},
		{At: at(365.05), Change: PodCreated, Subject: "canary-b"},
	}}
	text := predict(defaults, tolerant(300)).Compare(timeline)
	for _, want := range []string{
		"39.6 to 60.0 s  = node not Ready",
		"node not Ready: predicted 39.6 to 60.0 s, measured 44.0 s: as predicted",
		"node tainted NoExecute: predicted 39.6 to 65.1 s, measured 70.0 s: 4.9 s more than predicted",
		"pod told to end: predicted 339.6 to 365.1 s, measured 100.0 s: 239.6 s less than predicted",
		"pod Ready: predicted 341.6 to 369.1 s, not seen",
		"The last heartbeat was 8.0 s old at the loss, which leaves 42.0 to 52.0 s until node not Ready.",
		"   -8.000 s  agent-1: last heartbeat",
		"   +0.000 s  agent-1: lost",
		"  +44.000 s  agent-1: node not Ready (Unknown, NodeStatusUnknown)",
		" +365.050 s  canary-b: pod created",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// settingsAPI is an API through which kubelets tell their configuration, as k3s 1.34.0 does.
func settingsAPI(grace string) *api {
	manager := map[string]any{
		"Generic": map[string]any{"LeaderElection": map[string]any{
			"LeaderElect": true, "LeaseDuration": "15s",
			"RetryPeriod": "2s",
		}},
		"KubeCloudShared":         map[string]any{"NodeMonitorPeriod": "5s"},
		"NodeLifecycleController": map[string]any{"NodeMonitorGracePeriod": grace},
	}
	kubelet := map[string]any{"nodeLeaseDurationSeconds": 40}
	holder := map[string]any{"spec": map[string]any{"holderIdentity": "server-1_4711"}}
	return &api{answers: map[string]any{
		"GET /api/v1/nodes/agent-1/proxy/configz": map[string]any{
			"kubeletconfig": kubelet,
		},
		"GET /api/v1/nodes/server-1/proxy/configz": map[string]any{
			"kubeletconfig": kubelet, "kubecontrollermanager.config.k8s.io": manager,
		},
		"GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager": holder,
		podsPath: core.PodList{Items: []core.Pod{tolerant(300)}},
	}}
}

// Goal: the figures come from the processes that run, not from a table. Method: a cluster with another grace
// period than the default; one that tells none.
func TestPredictReschedule(t *testing.T) {
	machines := newMachines(t)
	machines.serve(t, "server-1", "secret", settingsAPI("20s"))
	cluster := Cluster{Servers: []string{"server-1"}}
	prediction, err := cluster.PredictReschedule(t.Context(), machines, "web", "app=canary")
	labtest.Expect(t, err, "")
	if shortest, longest, _ := prediction.Until(NodeUnready); shortest != 9600*time.Millisecond || longest != 30*time.Second {
		t.Errorf("with a grace period of 20 s: %v to %v", shortest, longest)
	}
	read, err := cluster.readSettings(t.Context(), machines, "agent-1")
	if err != nil || read.election != (election{"server-1", 15 * time.Second, 2 * time.Second}) {
		t.Errorf("the election is %+v, %v", read.election, err)
	}
	machines.serve(t, "server-1", "secret", settingsAPI("0s"))
	client, err := Client(t.Context(), machines, "server-1")
	labtest.Expect(t, err, "")
	_, err = settingsOf(t.Context(), client, "server-1", "agent-1")
	labtest.Expect(t, err, "the settings are incomplete: lease duration 40s on agent-1, monitor period 5s and grace period 0s "+
		"on server-1")
}

// A stage is an API whose objects change while it is watched.
type stage struct {
	api    *api
	events map[string]chan any // path -> events
}

func newStage() stage {
	s := stage{
		api:    nodesAPI([]core.Node{aNode("agent-1", core.ConditionTrue)}, aLease("agent-1", time.Now().Add(-3*time.Second))),
		events: map[string]chan any{},
	}
	s.api.set(podsPath, core.PodList{Items: []core.Pod{aPod("canary-a", "agent-1", true)}})
	for _, key := range []string{
		"GET /api/v1/nodes", podsPath,
		"GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
	} {
		list, events := s.api.answers[key], make(chan any)
		s.events[key] = events
		s.api.set(key, func(w http.ResponseWriter, request *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if request.URL.Query().Get("watch") == "" {
				_ = json.NewEncoder(w).Encode(list)
				return
			}
			w.(http.Flusher).Flush()
			for {
				select {
				case event := <-events:
					_ = json.NewEncoder(w).Encode(event)
					w.(http.Flusher).Flush()
				case <-request.Context().Done():
					return
				}
			}
		})
	}
	return s
}

func (s stage) node(kind string, node core.Node) {
	node.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
	s.events["GET /api/v1/nodes"] <- map[string]any{"type": kind, "object": node}
}

func (s stage) pod(kind string, pod core.Pod) {
	pod.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	s.events[podsPath] <- map[string]any{"type": kind, "object": pod}
}

// Goal: a recording has every change of a rescheduling once, in order, and nothing that was so before.
// Method: play one, event by event, with repetitions.
func TestRecord(t *testing.T) {
	machines, played := newMachines(t), newStage()
	machines.serve(t, "server-1", "secret", played.api)
	recording, err := Cluster{Servers: []string{"server-1"}}.Record(t.Context(), machines, "web", "app=canary")
	labtest.Expect(t, err, "")
	lost := time.Now()

	unknown := aNode("agent-1", core.ConditionUnknown)
	played.node("MODIFIED", unknown)
	played.node("MODIFIED", unknown)
	unknown.Spec.Taints = []core.Taint{
		{Key: core.TaintNodeUnreachable, Effect: core.TaintEffectNoSchedule},
		{Key: core.TaintNodeUnreachable, Effect: core.TaintEffectNoExecute},
	}
	played.node("MODIFIED", unknown)
	played.pod("MODIFIED", aPod("canary-a", "agent-1", false))
	played.pod("MODIFIED", ending(aPod("canary-a", "agent-1", false)))
	fresh := unplaced(aPod("canary-b", "", false))
	played.pod("ADDED", fresh)
	fresh.Spec.NodeName, fresh.Spec.Containers = "agent-2", []core.Container{{Name: "main"}}
	played.pod("MODIFIED", fresh)
	fresh.Status.ContainerStatuses = []core.ContainerStatus{{State: core.ContainerState{Running: &core.ContainerStateRunning{}}}}
	played.pod("MODIFIED", fresh)
	fresh.Status.Conditions = []core.PodCondition{{Type: core.PodReady, Status: core.ConditionTrue}}
	played.pod("MODIFIED", fresh)
	played.pod("DELETED", ending(aPod("canary-a", "agent-1", false)))
	back := aNode("agent-1", core.ConditionTrue)
	played.node("MODIFIED", back)

	want := []Change{
		NodeUnready, NodeTainted, PodUnready, PodEvicted, PodCreated, PodScheduled, PodStarted, PodReady, PodGone,
		NodeReady, NodeUntaint,
	}
	deadline := time.After(10 * time.Second)
	for {
		timeline := recording.Timeline("agent-1", lost)
		if len(timeline.Moments) < len(want) {
			select {
			case <-deadline:
				t.Fatalf("only:\n%s", timeline)
			case <-time.After(10 * time.Millisecond):
				continue
			}
		}
		if timeline.Heartbeat.IsZero() || lost.Sub(timeline.Heartbeat) < 3*time.Second {
			t.Errorf("the last heartbeat was at %v", timeline.Heartbeat)
		}
		for _, change := range want {
			if _, seen := timeline.After(change); !seen {
				t.Errorf("no %q in:\n%s", change, timeline)
			}
		}
		if len(timeline.Moments) != len(want) {
			t.Errorf("%d moments, want %d:\n%s", len(timeline.Moments), len(want), timeline)
		}
		return
	}
}
