package vrrp

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/probe"
)

// changing writes an SLI as the seconds at which it changed, the first of them up.
func changing(name string, changes ...float64) harness.RecordSLI {
	sli := harness.RecordSLI{Name: name, Period: 20 * time.Millisecond}
	for i, change := range append([]float64{0}, changes...) {
		at := time.Duration(change * float64(time.Second))
		sli.Intervals = append(sli.Intervals, harness.Interval{Up: i%2 == 0, From: at, To: at, Seen: at, Samples: 1})
	}
	return sli
}

// away is an SLI that is down at first.
func away(name string, changes ...float64) harness.RecordSLI {
	sli := changing(name, changes...)
	for i := range sli.Intervals {
		sli.Intervals[i].Up = !sli.Intervals[i].Up
	}
	return sli
}

func recordOf(slis ...harness.RecordSLI) harness.Record {
	return harness.Record{Fault: &harness.RecordFault{At: 10 * time.Second}, WatchedUntil: 40 * time.Second, SLIs: slis}
}

// Goal: what an outage costs is told apart into the time until VRRP acts, that without a gateway, and the
// rest, over all outages after t0 and none before. Method: intervals by hand.
func TestLost(t *testing.T) {
	path, gateway := probe.Reaches("client-1", vip.Next()), probe.Reaches("client-1", vip)
	record := recordOf(
		changing(path.Name(), 2, 3, 15, 20.5, 30, 34), // an outage before t0, and two after it
		changing(gateway.Name(), 17, 17.5),
		changing(probe.Holds(testPair.First, vip).Name(), 3, 4, 17), away(probe.Holds(testPair.Second, vip).Name(), 17.5),
	)
	loss, err := testPair.Lost(record, "client-1", path, gateway)
	want := Loss{
		Client: "client-1", Outages: 2, Down: 9500 * time.Millisecond, Unnoticed: 2 * time.Second,
		VRRP: 500 * time.Millisecond, OSPF: 7 * time.Second,
	}
	if err != nil || loss != want {
		t.Errorf("the loss is %+v, error %v, want %+v", loss, err, want)
	}
	if text := loss.String(); text != "client-1 was without for 9.50 s in 2 outages: 2.00 s until VRRP acted, 0.50 s of VRRP's "+
		"(no gateway), 7.00 s of OSPF's (a new gateway, and no way on or back)" {
		t.Errorf("told as %q", text)
	}
	if _, err := testPair.Lost(recordOf(changing(path.Name())), "client-1", path, gateway); err == nil {
		t.Error("a gateway that nobody watched counts as never down")
	}
	unbroken, err := testPair.Lost(recordOf(changing(path.Name()), changing(gateway.Name())), "client-1", path, gateway)
	if err != nil || unbroken.String() != "client-1 lost nothing" {
		t.Errorf("told as %q, error %v", unbroken, err)
	}
	if worst := Worst([]Loss{unbroken, loss}); worst != loss {
		t.Errorf("the worst is %+v", worst)
	}
}

// Goal: the seconds with no, one and two masters are those of t0 to the end of the watch, and add up to them.
// Method: a hand-over with a gap of 0.6 s, and a split brain from 20 s on; and routers nobody was asked about.
func TestCountMasters(t *testing.T) {
	first, second := probe.Holds(testPair.First, vip).Name(), probe.Holds(testPair.Second, vip).Name()
	for name, test := range map[string]struct {
		record         harness.Record
		none, one, two float64
	}{
		"hand-over":   {recordOf(changing(first, 15), away(second, 15.6)), 0.6, 29.4, 0},
		"split brain": {recordOf(changing(first), away(second, 20)), 0, 10, 20},
		"nobody":      {recordOf(changing(first, 5), away(second)), 30, 0, 0},
	} {
		counts := testPair.CountMasters(test.record)
		if len(counts) != 1 || counts[0].None.Seconds() != test.none || counts[0].One.Seconds() != test.one ||
			counts[0].Two.Seconds() != test.two {
			t.Errorf("%s: counted %+v, want %v, %v and %v", name, counts, test.none, test.one, test.two)
		}
	}
	if counts := testPair.CountMasters(recordOf(changing(first))); counts != nil {
		t.Errorf("counted %+v of an address that only one router was asked about", counts)
	}
	if table := MasterTable(testPair.CountMasters(recordOf(changing(first), away(second, 20)))); !strings.Contains(table,
		"20.00 s") {
		t.Errorf("the table is\n%s", table)
	}
}
