package vrrp

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// wiki are the settings of the routers in memory.
var wiki = Settings{
	Advertisement: time.Second, First: 150, Second: 150, Check: 5 * time.Second, Fall: 2, Rise: 3,
	Hello: time.Second, Dead: 5 * time.Second, Elects: true, Retransmit: time.Second,
}

// Goal: settings are those of the files that the routers have. Method: read those of routers in memory, then
// lines that change each, then one that is none.
func TestReadSettings(t *testing.T) {
	lab := newFakeLab(t)
	if got, err := testPair.ReadSettings(t.Context(), lab); err != nil || got != wiki {
		t.Errorf("read %+v, error %v, want %+v", got, err, wiki)
	}
	fast := ospfText + " ip ospf dead-interval minimal hello-multiplier 5\n ip ospf network point-to-multipoint\n ip ospf bfd 3 " +
		"100 100\n"
	for _, router := range testPair.Both() {
		testkit.Must(t, lab.WriteFile(t.Context(), router, harness.File{Path: ospfdFile, Data: []byte(fast)}))
	}
	got, err := testPair.ReadSettings(t.Context(), lab)
	if err != nil || got.Dead != time.Second || got.Hello != 200*time.Millisecond || got.Elects || got.BFD != 300*time.Millisecond {
		t.Errorf("read %+v, error %v", got, err)
	}
	testkit.Must(t, lab.WriteFile(t.Context(), testPair.Second,
		harness.File{Path: keepalivedFile, Data: []byte("advert_int soon\n")}))
	if _, err := testPair.ReadSettings(t.Context(), lab); err == nil || !strings.Contains(err.Error(), `line "advert_int soon"`) {
		t.Errorf("the error is %v", err)
	}
}

// Goal: predictions hold what was measured with these settings, by hand and in drills. Method: those times, in
// the ranges of the settings that they were measured with.
func TestPredictionsHoldWhatWasMeasured(t *testing.T) {
	settings := wiki
	settings.Second, settings.Rise = 100, 2
	for _, test := range []struct {
		predicted Prediction
		seconds   []float64
	}{
		{settings.HandOver(), []float64{5.68, 5.71, 5.10}},
		{settings.TakeBack(false), []float64{5.06, 5.14}},
		{settings.TakeBack(true), []float64{5.07, 5.17}},
		{settings.Silence(), []float64{8.04, 8.48}},
		{settings.Killed(), []float64{5.22}},
		{settings.DaemonKilled(), []float64{12.1, 15.74}},
		{settings.DaemonHung(), []float64{16.4}},
		{settings.RestartOfMaster(), []float64{9.6}},
	} {
		outage := test.predicted.Outage()
		for _, measured := range test.seconds {
			if !outage.Contains(time.Duration(measured * float64(time.Second))) {
				t.Errorf("%s: %.2f s were measured", test.predicted, measured)
			}
		}
		if outage.Most > 2*outage.Least+10*time.Second {
			t.Errorf("%s: that says nothing", test.predicted)
		}
	}
}

// Goal: a figure beside its prediction says which way it is off and by how much. Method: below, in and above.
func TestCompare(t *testing.T) {
	predicted := Prediction{Event: "test", Served: true, OSPF: Range{5 * time.Second, 7 * time.Second}}
	for down, want := range map[time.Duration]string{
		4 * time.Second: "1.00 s less than predicted", 6 * time.Second: "as predicted", 9 * time.Second: "2.00 s more than predicted",
	} {
		if text := predicted.Compare(Loss{Down: down}); !strings.HasSuffix(text, want) {
			t.Errorf("%v is told as %q, want %q", down, text, want)
		}
	}
}

// Goal: a daemon that was held up for longer than its settings tolerate is found, in its own words; shorter
// ones, and other lines, are not. Method: lines as keepalived and FRR write them, of routers in memory; and
// interruptions of the agents beside them.
func TestStalls(t *testing.T) {
	lab := newFakeLab(t)
	lab.Print("gulp", "Sat Nov 21 18:00:00 2026: A thread timer expired 3.500123 seconds ago")
	lab.Print("gulp", "Sat Nov 21 18:00:01 2026: A thread timer expired 0.200000 seconds ago")
	lab.Print("gulp", "Sat Nov 21 18:00:02 2026: (ALL) Entering MASTER STATE")
	said := "2026/11/21 18:00:00.123 OSPF: [X] Thread Starvation: {(thread *)0x1 arg=0x2 timer r=-4.1 ospf_hello_timer()} was " +
		"scheduled to pop greater than 4s ago\n" +
		"2026/11/21 18:00:00.123 OSPF: [Y] CPU HOG: task bgp (5) ran for 90ms (cpu time 80ms)\n"
	testkit.Must(t, lab.WriteFile(t.Context(), "odlyd", harness.File{Path: ospfdLog, Data: []byte(said)}))
	if old, err := testPair.Stalls(t.Context(), lab, wiki, time.Now().AddDate(1, 0, 0)); err != nil || len(old) > 0 {
		t.Errorf("of before, found %v, error %v", old, err)
	}
	stalls, err := testPair.Stalls(t.Context(), lab, wiki, time.Time{})
	if err != nil || len(stalls) != 2 {
		t.Fatalf("found %v, error %v", stalls, err)
	}
	if got := stalls[0].String(); !strings.Contains(got, "gulp was held up for 3.50 s") {
		t.Errorf("told as %q", got)
	}
	if stalls[1].Router != "odlyd" || stalls[1].Length != 4*time.Second {
		t.Errorf("found %v", stalls[1])
	}
	began := time.Now()
	interruptions := []harness.Interruption{
		{From: began, Length: 3 * time.Second, Reason: "agent of odlyd: did not get the processor for 3s"},
		{From: began, Length: time.Second, Reason: "agent of odlyd: did not get the processor for 1s"},
		{From: began, Length: 3 * time.Second, Reason: "agent of client-1: did not get the processor for 3s"},
		{From: began.Add(-time.Minute), Length: 3 * time.Second, Reason: "agent of gulp: did not get the processor for 3s"},
	}
	if found := testPair.Interrupted(interruptions, wiki, began); len(found) != 1 || found[0].Router != "odlyd" {
		t.Errorf("found %v", found)
	}
}
