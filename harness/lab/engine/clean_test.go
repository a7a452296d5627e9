package engine

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/api/types/volume"
	"github.com/moby/moby/client"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
)

// crowdedEngine holds things in memory and answers as an engine does, as far as cleaning goes: it
// lists by label, refuses a network in use, and forgets what was removed.
type crowdedEngine struct {
	now        time.Time
	containers []container.Summary
	networks   []network.Summary
	volumes    []volume.Volume
	unlistable string            // kind of thing whose list is an error; "" for none
	refusals   map[string]int    // how often removing the thing is refused before it works; -1 for ever
	dependents map[string]string // a container that depends on another, as with Podman, by that one's id
}

func hasLabels(labels map[string]string, filters client.Filters) bool {
	for wanted := range filters["label"] {
		key, value, exact := strings.Cut(wanted, "=")
		if got, ok := labels[key]; !ok || exact && got != value {
			return false
		}
	}
	return true
}

func (e *crowdedEngine) refuse(id string) error {
	if e.refusals[id] == 0 {
		return nil
	}
	e.refusals[id]--
	return errdefs.ErrConflict.WithMessage(id + " is in use")
}

func (e *crowdedEngine) ContainerList(
	_ context.Context, options client.ContainerListOptions,
) (result client.ContainerListResult, _ error) {
	for _, one := range e.containers {
		if hasLabels(one.Labels, options.Filters) && (options.All || one.State == container.StateRunning) {
			result.Items = append(result.Items, one)
		}
	}
	return result, nil
}

func (e *crowdedEngine) ContainerRemove(
	_ context.Context, id string, _ client.ContainerRemoveOptions,
) (client.ContainerRemoveResult, error) {
	if err := e.refuse(id); err != nil {
		return client.ContainerRemoveResult{}, err
	}
	if there := func(one container.Summary) bool { return one.ID == e.dependents[id] }; slices.ContainsFunc(e.containers, there) {
		return client.ContainerRemoveResult{}, errdefs.ErrConflict.WithMessage(id + " has dependent containers")
	}
	e.containers = slices.DeleteFunc(e.containers, func(one container.Summary) bool { return one.ID == id })
	return client.ContainerRemoveResult{}, nil
}

func (e *crowdedEngine) NetworkList(
	_ context.Context, options client.NetworkListOptions,
) (result client.NetworkListResult, _ error) {
	if e.unlistable == "network" {
		return result, errors.New(`parsing time "yesterday" as RFC 3339`)
	}
	for _, one := range e.networks {
		if hasLabels(one.Labels, options.Filters) {
			result.Items = append(result.Items, one)
		}
	}
	return result, nil
}

func (e *crowdedEngine) NetworkRemove(
	_ context.Context, id string, _ client.NetworkRemoveOptions,
) (client.NetworkRemoveResult, error) {
	for _, one := range e.containers {
		if one.NetworkSettings != nil && one.NetworkSettings.Networks[id] != nil {
			return client.NetworkRemoveResult{}, errdefs.ErrConflict.WithMessage("network has active endpoints")
		}
	}
	e.networks = slices.DeleteFunc(e.networks, func(one network.Summary) bool { return one.ID == id })
	return client.NetworkRemoveResult{}, e.refuse(id)
}

func (e *crowdedEngine) VolumeList(
	_ context.Context, options client.VolumeListOptions,
) (result client.VolumeListResult, _ error) {
	for _, one := range e.volumes {
		if hasLabels(one.Labels, options.Filters) {
			result.Items = append(result.Items, one)
		}
	}
	return result, nil
}

func (e *crowdedEngine) VolumeRemove(
	_ context.Context, id string, _ client.VolumeRemoveOptions,
) (client.VolumeRemoveResult, error) {
	e.volumes = slices.DeleteFunc(e.volumes, func(one volume.Volume) bool { return one.Name == id })
	return client.VolumeRemoveResult{}, e.refuse(id)
}

func (e *crowdedEngine) Info(context.Context, client.InfoOptions) (client.SystemInfoResult, error) {
	return client.SystemInfoResult{Info: system.Info{SystemTime: e.now.Format(time.RFC3339Nano)}}, nil
}

// things names everything the engine still has.
func (e *crowdedEngine) things() []string {
	var names []string
	for _, one := range e.containers {
		names = append(names, containerName(one))
	}
	for _, one := range e.networks {
		names = append(names, one.Name)
	}
	for _, one := range e.volumes {
		names = append(names, one.Name)
	}
	slices.Sort(names)
	return names
}

// aLab gives the engine a container, a network and a volume of a lab; an empty id makes them a stranger's.
func (e *crowdedEngine) aLab(id string, age time.Duration, state container.ContainerState) {
	labels, name := map[string]string{LabelLab: id, LabelRun: "run-of-" + id}, id
	if id == "" {
		labels, name = nil, "stranger"
	}
	created := e.now.Add(-age)
	e.containers = append(e.containers, container.Summary{
		ID: name + "-c", Names: []string{"/" + name + "-container"}, Labels: labels, State: state, Created: created.Unix(),
		NetworkSettings: &container.NetworkSettingsSummary{Networks: map[string]*network.EndpointSettings{name + "-n": {}}},
	})
	e.networks = append(e.networks, network.Summary{Network: network.Network{
		ID: name + "-n", Name: name + "-network",
		Labels: labels, Created: created,
	}})
	e.volumes = append(e.volumes, volume.Volume{Name: name + "-volume", Labels: labels, CreatedAt: created.Format(time.RFC3339)})
}

// Goal: a sweep takes what abandoned labs left and nothing else. Method: labs in every state and a
// stranger's things on a fake engine; what is left afterwards is compared.
func TestSweepTakesOnlyWhatAbandonedLabsLeft(t *testing.T) {
	engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
	engine.aLab("gone", time.Hour, container.StateExited)
	engine.aLab("running", time.Hour, container.StateRunning)
	engine.aLab("paused", time.Hour, container.StatePaused)
	engine.aLab("leaving", time.Hour, container.StateRemoving)
	engine.aLab("arriving", time.Minute, container.StateCreated)
	engine.aLab("", time.Hour, container.StateExited)
	want := engine.things()
	want = slices.DeleteFunc(want, func(name string) bool { return strings.HasPrefix(name, "gone") })

	testkit.Must(t, sweep(t.Context(), engine, sweepAge))
	if got := engine.things(); !slices.Equal(got, want) {
		t.Errorf("the sweep left %q, want %q", got, want)
	}
}

// Goal: who has the engine to themselves need not wait for what a run has left that was killed as a whole: its network would
// be in the way. Method: the same leftovers, seconds old, swept in both ways.
func TestSweepAloneDoesNotWait(t *testing.T) {
	for age, left := range map[time.Duration]int{sweepAge: 1, sweepAgeAlone: 0} {
		engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
		engine.aLab("killed", 5*time.Second, container.StateCreated)
		if err := sweep(t.Context(), engine, age); err != nil || len(engine.networks) != left {
			t.Errorf("younger than %v: %d networks are left, want %d: %v", age, len(engine.networks), left, err)
		}
	}
}

// Goal: a lab that is being brought up is safe although its network has no container yet. Method: a
// young network alone, then the same network grown old.
func TestSweepSparesAYoungNetwork(t *testing.T) {
	engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
	engine.aLab("arriving", sweepAge-time.Second, container.StateCreated)
	engine.containers = nil

	testkit.Must(t, sweep(t.Context(), engine, sweepAge))
	if len(engine.networks) != 1 {
		t.Fatal("the sweep removed the network of a lab that is being brought up")
	}
	engine.now = engine.now.Add(2 * time.Second)
	testkit.Must(t, sweep(t.Context(), engine, sweepAge))
	if len(engine.networks) != 0 {
		t.Error("the sweep spared the network of a lab that never came up")
	}
}

// Goal: cleaning takes every lab, running or not, says so, and spares strangers. Method: two labs
// and a stranger on a fake engine that refuses the first tries, as one does that is removing the
// same container itself.
func TestCleanTakesEveryLab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &crowdedEngine{now: time.Now(), refusals: map[string]int{"running-c": 3}}
		engine.aLab("running", time.Hour, container.StateRunning)
		engine.aLab("arriving", 0, container.StateCreated)
		engine.aLab("", time.Hour, container.StateRunning)

		removed, err := clean(t.Context(), engine)
		testkit.Must(t, err)
		want := []string{"stranger-container", "stranger-network", "stranger-volume"}
		if got := engine.things(); !slices.Equal(got, want) {
			t.Errorf("cleaning left %q, want %q", got, want)
		}
		if got := slices.Sorted(slices.Values(removed.Containers)); !slices.Equal(got,
			[]string{"arriving-container", "running-container"}) {
			t.Errorf("cleaning says it removed the containers %q", got)
		}
		if len(removed.Networks) != 2 || len(removed.Volumes) != 2 {
			t.Errorf("cleaning says it removed the networks %q and the volumes %q", removed.Networks, removed.Volumes)
		}
	})
}

// Goal: containers that others depend on are removed after those, without a wait for each. Method: an engine that lists three
// agents before their systems and refuses to remove an agent whose system is there, as Podman does; time is the test's.
func TestCleanRemovesDependentsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &crowdedEngine{now: time.Now(), dependents: map[string]string{}}
		for _, node := range []string{"a", "b", "c"} {
			engine.aLab(node, time.Hour, container.StateExited)
		}
		for _, node := range []string{"a", "b", "c"} {
			engine.aLab(node+"-system", time.Hour, container.StateExited)
			engine.dependents[node+"-c"] = node + "-system-c"
		}
		began := time.Now()
		if removed, err := clean(t.Context(), engine); err != nil || len(removed.Containers) != 6 {
			t.Errorf("removed %q, %v", removed.Containers, err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// Goal: cleaning after one run leaves the labs of others alone. Method: the labs of two runs on a
// fake engine that filters by label as an engine does.
func TestCleanRunSparesOtherRuns(t *testing.T) {
	engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
	engine.aLab("mine", time.Hour, container.StateRunning)
	engine.aLab("other", time.Hour, container.StateRunning)
	if _, err := clean(t.Context(), engine, LabelRun+"=run-of-mine"); err != nil {
		t.Fatal(err)
	}
	want := []string{"other-container", "other-network", "other-volume"}
	if got := engine.things(); !slices.Equal(got, want) {
		t.Errorf("cleaning left %q, want %q", got, want)
	}
}

// Goal: the runs whose labs run are named, once each, and no others. Method: two labs of one run, a
// lab that has ended, and a stranger.
func TestRunsNamesTheRunsThatRun(t *testing.T) {
	engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC)}
	engine.aLab("second", time.Hour, container.StateRunning)
	engine.aLab("first", time.Hour, container.StateRunning)
	engine.aLab("first", time.Hour, container.StateRunning)
	engine.aLab("over", time.Hour, container.StateExited)
	engine.aLab("", time.Hour, container.StateRunning)
	got, err := runs(t.Context(), engine)
	testkit.Must(t, err)
	if want := []string{"run-of-first", "run-of-second"}; !slices.Equal(got, want) {
		t.Errorf("the runs are %q, want %q", got, want)
	}
}

// Goal: neither a volume nor a network whose age cannot be read keeps anything else from being cleaned, nor from being
// swept. Method: a volume without a date, and an engine whose list of networks cannot be read.
func TestCleanGoesOnWithoutAnAge(t *testing.T) {
	engine := &crowdedEngine{now: time.Date(2026, 1, 20, 3, 0, 0, 0, time.UTC), unlistable: "network"}
	engine.aLab("old", time.Hour, container.StateExited)
	engine.volumes[0].CreatedAt = "yesterday"
	removed, err := clean(t.Context(), engine)
	testkit.Expect(t, err, "list the networks of labs")
	if len(removed.Containers) != 1 || len(removed.Volumes) != 1 {
		t.Errorf("removed %+v, want the container and the volume", removed)
	}
	engine = &crowdedEngine{now: engine.now}
	engine.aLab("old", time.Hour, container.StateExited)
	engine.volumes[0].CreatedAt = ""
	if err := sweep(t.Context(), engine, sweepAge); err != nil || len(engine.things()) > 0 {
		t.Errorf("the sweep left %q and says %v", engine.things(), err)
	}
}

// Goal: what a run has left is removed when its engine was away for a while, and the wait has an end. Method: an engine that
// is reached at the third try, and one that never is; time is the test's.
func TestCleanRunWaitsForTheEngine(t *testing.T) {
	for _, test := range []struct {
		reached int
		cleaned bool
	}{{3, true}, {1000, false}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			tries := 0
			removed, err := untilReached(ctx, func() (Removed, error) {
				if tries++; tries < test.reached {
					return Removed{}, &HungError{Asked: "list containers", Limit: time.Second}
				}
				return Removed{Networks: []string{"stray"}}, nil
			})
			if cleaned := err == nil && len(removed.Networks) == 1; cleaned != test.cleaned {
				t.Errorf("removed %v, %v", removed.Networks, err)
			}
		})
	}
}

// Goal: an engine that goes while it is asked is asked again, and one that refuses is not. Method: a socket that takes every
// connection and closes it, as that of an engine that is being restarted does, and an answer.
func TestUnreachedIsAlsoAConnectionThatBreaks(t *testing.T) {
	engine := impatient(t, enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			err = connection.Close()
		}
		testkit.Expect(t, err, "")
	}))
	if _, err := clean(t.Context(), engine); !unreached(err) {
		t.Errorf("a connection that breaks counts as an answer: %v", err)
	}
	refusing := impatient(t, enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	if _, err := clean(t.Context(), refusing); err == nil || unreached(err) {
		t.Errorf("a refusal counts as an engine that is away: %v", err)
	}
}

// Goal: one thing that cannot be removed neither hides nor keeps the others. Method: an engine that
// refuses one container for ever; time is the test's, so the limit costs nothing.
func TestCleanNamesWhatStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &crowdedEngine{now: time.Now(), refusals: map[string]int{"stuck-c": -1}}
		engine.aLab("stuck", time.Hour, container.StateRunning)
		engine.aLab("other", time.Hour, container.StateRunning)

		removed, err := clean(t.Context(), engine)
		testkit.Expect(t, err, "remove container stuck-container: stuck-c is in use")
		if !slices.Equal(removed.Containers, []string{"other-container"}) {
			t.Errorf("cleaning says it removed the containers %q", removed.Containers)
		}
	})
}
