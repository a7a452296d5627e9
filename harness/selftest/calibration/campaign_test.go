package calibration

import (
	"testing"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/probe"
)

// Goal: the number of outages is the one that was asked for, or a little more, and nonsense is refused.
// Method: the variable with each kind of value.
func TestOutagesAreChosen(t *testing.T) {
	for text, want := range map[string]int{"": DefaultOutages, "60": 60, "1": 1} {
		t.Setenv(OutagesVariable, text)
		if got, err := chosenOutages(); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "-1", "many"} {
		t.Setenv(OutagesVariable, text)
		if got, err := chosenOutages(); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
	if one, all := perService(1), perService(DefaultOutages); one != 1 || all*len(fixtures.Cuttables()) != DefaultOutages {
		t.Errorf("%d and %d for each service", one, all)
	}
}

// Goal: the probes are those of a drill, as many and as often as the published load is for, and none is
// asked in another way. Method: look at them.
func TestProbesAreADrills(t *testing.T) {
	probes := probes()
	if len(probes) != 10 {
		t.Errorf("there are %d probes", len(probes))
	}
	defaults := probe.NetworkProbe{}
	for _, one := range probes {
		network, ok := one.(probe.NetworkProbe)
		if !ok || network.Vantage() != harness.VantageObserver || network.Schedule() != defaults.Schedule() {
			t.Errorf("%s is asked by %+v", one.Name(), one)
		}
	}
}

// Goal: the load is what was used while the arm went on, and not what came before. Method: two readings.
func TestLoad(t *testing.T) {
	got := load(agent.Usage{CPU: 3 * time.Second, PeakMemory: 10 << 20}, agent.Usage{CPU: 5 * time.Second, PeakMemory: 12 << 20},
		40*time.Second)
	if got != (Load{Processor: 0.05, PeakMemory: 12 << 20}) {
		t.Errorf("got %+v", got)
	}
}

// Goal: a measurement by the harness's own clock is placed on the record's, and encloses the outage from
// its first failed question to its end. Method: moments of known distance to the record's beginning.
func TestStampedPlace(t *testing.T) {
	origin := time.Now()
	at := func(offset time.Duration) moment { return moment{here: origin.Add(offset)} }
	seen := stamped{asked: at(90 * ms), lost: at(100 * ms), back: at(200 * ms)}.place("a site", &ruler{origin: origin}, 0)
	want := sighting{service: "a site", lost: 100 * ms, back: 200 * ms, down: edge{90 * ms, 100 * ms}, up: edge{100 * ms, 200 * ms}}
	if seen != want {
		t.Errorf("got %+v", seen)
	}
}

// Goal: the machine of the idle arm is idle: nobody else watches there, and what is watched beside it is the same.
// Method: the campaigns of a calibration.
func TestIdleArmIsWatchedByNobodyElse(t *testing.T) {
	alone, beside, loaded := campaigns(nil, 7, 1000)
	if len(alone.watchers) > 0 || len(loaded.watchers) > 0 || len(beside.watchers) == 0 {
		t.Errorf("%d, %d and %d watch", len(alone.watchers), len(beside.watchers), len(loaded.watchers))
	}
	if alone.seed != beside.seed || alone.outages != beside.outages || loaded.seed == alone.seed || loaded.outages > alone.outages {
		t.Errorf("the outages are not the same: %+v, %+v; or those under load are: %+v", alone, beside, loaded)
	}
}
