package k3s

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/reprise-dr/reprise/harness"
)

// A Recording watches the API and notes what becomes of nodes and pods, until its context ends.
type Recording struct {
	cluster  Cluster
	observer harness.Observer

	mutex   sync.Mutex
	moments []Moment
	renewed map[string][]time.Time // node -> when its kubelet renewed its lease, by its clock
	nodes   map[string]nodeView
	pods    map[types.UID]podView
}

// What is noted of a node and of a pod last.
type nodeView struct{ ready, tainted bool }

type podView struct {
	name, node              string
	started, ready, evicted bool
}

// Record begins to watch all nodes, and the pods with these labels. What is there already is no change; a
// first look that fails is an error. Each change is stamped when the API tells of it, which is within
// milliseconds of its being written while the server answers. When no server answers it goes on as soon as
// one does, and notes what has changed meanwhile at that moment.
func (c Cluster) Record(ctx context.Context, observer harness.Observer, namespace, selector string) (*Recording, error) {
	recording := &Recording{
		cluster:  c,
		observer: observer,
		renewed:  map[string][]time.Time{},
		nodes:    map[string]nodeView{},
		pods:     map[types.UID]podView{},
	}
	for _, subject := range recording.subjects(namespace, selector) {
		var version string
		err := waitForClaims.Until(ctx, limited(func(ctx context.Context) (err error) {
			version, err = recording.look(ctx, subject, false)
			return err
		}))
		if err != nil {
			return nil, fmt.Errorf("look at the %s: %w", subject.name, err)
		}
		go recording.follow(ctx, subject, version)
	}
	return recording, nil
}

// Timeline is what has been noted so far, around the loss of a node at t0.
func (r *Recording) Timeline(node string, t0 time.Time) Timeline {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return Timeline{
		Node:      node,
		Lost:      t0,
		Heartbeat: lastBefore(r.renewed[node], t0),
		Moments:   sorted(slices.Clone(r.moments)),
	}
}

// A subject is a kind of objects to watch.
type subject struct {
	name  string
	list  func(ctx context.Context, client kubernetes.Interface) (runtime.Object, error)
	watch func(ctx context.Context, client kubernetes.Interface, version string) (watch.Interface, error)
	// note takes what an object is now, and what has gone; changed is false for what was there at first.
	note func(object runtime.Object, gone, changed bool)
	// prune drops what is not among the objects any more.
	prune func(objects []runtime.Object)
}

func (r *Recording) subjects(namespace, selector string) []subject {
	since := func(version string) metav1.ListOptions { return metav1.ListOptions{ResourceVersion: version} }
	labelled := func(version string) metav1.ListOptions {
		return metav1.ListOptions{ResourceVersion: version, LabelSelector: selector}
	}
	return []subject{
		{
			name: "leases",
			list: func(ctx context.Context, client kubernetes.Interface) (runtime.Object, error) {
				return client.CoordinationV1().Leases(core.NamespaceNodeLease).List(ctx, since(""))
			},
			watch: func(ctx context.Context, client kubernetes.Interface, version string) (watch.Interface, error) {
				return client.CoordinationV1().Leases(core.NamespaceNodeLease).Watch(ctx, since(version))
			},
			note: r.noteLease,
		},
		{
			name: "nodes",
			list: func(ctx context.Context, client kubernetes.Interface) (runtime.Object, error) {
				return client.CoreV1().Nodes().List(ctx, since(""))
			},
			watch: func(ctx context.Context, client kubernetes.Interface, version string) (watch.Interface, error) {
				return client.CoreV1().Nodes().Watch(ctx, since(version))
			},
			note: r.noteNode,
		},
		{
			name: "pods",
			list: func(ctx context.Context, client kubernetes.Interface) (runtime.Object, error) {
				return client.CoreV1().Pods(namespace).List(ctx, labelled(""))
			},
			watch: func(ctx context.Context, client kubernetes.Interface, version string) (watch.Interface, error) {
				return client.CoreV1().Pods(namespace).Watch(ctx, labelled(version))
			},
			note:  r.notePod,
			prune: r.prunePods,
		},
	}
}

// look notes what there is now, and returns the version from which to watch.
func (r *Recording) look(ctx context.Context, subject subject, changed bool) (version string, err error) {
	err = r.cluster.ask(ctx, r.observer, new(keyring), func(ctx context.Context, client *kubernetes.Clientset) error {
		list, err := subject.list(ctx, client)
		if err != nil {
			return err
		}
		accessor, err := meta.ListAccessor(list)
		if err != nil {
			return err
		}
		objects, err := meta.ExtractList(list)
		if err != nil {
			return err
		}
		version = accessor.GetResourceVersion()
		if subject.prune != nil {
			subject.prune(objects)
		}
		for _, object := range objects {
			subject.note(object, false, changed)
		}
		return nil
	})
	return version, err
}

// follow watches until the context ends. A watch that ends, for whatever reason, is begun again with a look.
func (r *Recording) follow(ctx context.Context, subject subject, version string) {
	_ = waitForWatch.Until(ctx, func(ctx context.Context) error { //nolint:errcheck // it ends with the context, and with that only
		if version == "" {
			found, err := func() (string, error) {
				ctx, cancel := context.WithTimeout(ctx, oneAsk)
				defer cancel()
				return r.look(ctx, subject, true)
			}()
			if err != nil {
				return err
			}
			version = found
		}
		err := r.watch(ctx, subject, version)
		version = ""
		return err
	})
}

// watch notes changes for as long as one server goes on telling them. It always ends with an error.
func (r *Recording) watch(ctx context.Context, subject subject, version string) error {
	var watched watch.Interface
	err := r.cluster.inTurn(r.observer, func(node string) error {
		client, err := Client(ctx, r.observer, node)
		if err == nil {
			watched, err = subject.watch(ctx, client, version)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer watched.Stop()
	for event := range watched.ResultChan() {
		switch event.Type {
		case watch.Added, watch.Modified:
			subject.note(event.Object, false, true)
		case watch.Deleted:
			subject.note(event.Object, true, true)
		case watch.Error:
			return errors.New("the watch was broken off")
		case watch.Bookmark: // says nothing
		}
	}
	return errors.New("the watch ended")
}

// noteLease keeps the heartbeats of a node.
func (r *Recording) noteLease(object runtime.Object, _, _ bool) {
	lease, ok := object.(*coordination.Lease)
	if !ok || lease.Spec.RenewTime == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.renewed[lease.Name] = append(r.renewed[lease.Name], lease.Spec.RenewTime.Time)
}

// noteNode compares a node with what it was.
func (r *Recording) noteNode(object runtime.Object, gone, changed bool) {
	node, ok := object.(*core.Node)
	if !ok || gone {
		return
	}
	condition := conditionOf(*node, core.NodeReady)
	now := nodeView{ready: condition.Status == core.ConditionTrue}
	taints := ""
	for _, taint := range node.Spec.Taints {
		if taint.Effect == core.TaintEffectNoExecute {
			now.tainted, taints = true, taint.Key
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	before, known := r.nodes[node.Name]
	r.nodes[node.Name] = now
	if !changed || !known {
		return
	}
	why := string(condition.Status) + ", " + condition.Reason
	r.turned(before.ready, now.ready, Moment{Subject: node.Name, Node: node.Name, Detail: why}, NodeReady, NodeUnready)
	r.turned(before.tainted, now.tainted, Moment{Subject: node.Name, Node: node.Name, Detail: taints}, NodeTainted, NodeUntaint)
}

// notePod compares a pod with what it was.
func (r *Recording) notePod(object runtime.Object, gone, changed bool) {
	pod, ok := object.(*core.Pod)
	if !ok {
		return
	}
	now := podView{
		name:    pod.Name,
		node:    pod.Spec.NodeName,
		started: started(*pod),
		ready:   podUnready(*pod) == nil,
		evicted: pod.DeletionTimestamp != nil,
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	before, known := r.pods[pod.UID]
	r.pods[pod.UID] = now
	if gone {
		delete(r.pods, pod.UID)
	}
	if !changed {
		return
	}
	here := Moment{Subject: pod.Name, Node: now.node}
	if !known {
		r.note(Moment{Subject: pod.Name}, PodCreated)
	}
	r.turned(before.node != "", now.node != "", here, PodScheduled, "")
	r.turned(before.started, now.started, here, PodStarted, "")
	r.turned(before.ready, now.ready, here, PodReady, PodUnready)
	r.turned(before.evicted, now.evicted, here, PodEvicted, "")
	if gone {
		r.note(here, PodGone)
	}
}

// prunePods notes the pods that went while nobody watched.
func (r *Recording) prunePods(objects []runtime.Object) {
	present := map[types.UID]bool{}
	for _, object := range objects {
		if pod, ok := object.(*core.Pod); ok {
			present[pod.UID] = true
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for uid, pod := range r.pods {
		if !present[uid] {
			delete(r.pods, uid)
			r.note(Moment{Subject: pod.name, Node: pod.node}, PodGone)
		}
	}
}

// turned notes a change of one of two, or nothing where there is no name for it.
func (r *Recording) turned(before, now bool, moment Moment, on, off Change) {
	switch {
	case !before && now:
		r.note(moment, on)
	case before && !now && off != "":
		r.note(moment, off)
	}
}

// note adds a moment. The caller holds the mutex.
func (r *Recording) note(moment Moment, change Change) {
	moment.At, moment.Change = time.Now(), change
	r.moments = append(r.moments, moment)
}

// started tells whether every container of the pod has been started.
func started(pod core.Pod) bool {
	running := 0
	for _, container := range pod.Status.ContainerStatuses {
		if container.State.Running != nil {
			running++
		}
	}
	return running > 0 && running == len(pod.Spec.Containers)
}
