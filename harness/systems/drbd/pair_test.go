package drbd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// A fakeGuest has as much of a guest's web server as the package needs.
type fakeGuest struct {
	mutex   sync.Mutex
	mounted bool
	broken  bool // it takes rows, and fails
	status  string
	rows    string
}

func (f *fakeGuest) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch {
	case request.URL.Path == statusPath:
		fmt.Fprint(w, version+f.status)
	case !f.mounted:
		http.Error(w, `{"message":"the replicated disk is not mounted here"}`, http.StatusConflict)
	case f.broken:
		http.Error(w, "{}", http.StatusInternalServerError)
	case request.Method == http.MethodPost:
		row, _ := io.ReadAll(request.Body)
		f.rows += string(row) + "\n"
		fmt.Fprintf(w, "%s\n", row)
	default:
		fmt.Fprint(w, f.rows)
	}
}

// standIn makes a pair of fakes, the first of which serves.
func standIn(t *testing.T) (*labtest.Lab, Pair, *fakeGuest, *fakeGuest) {
	t.Helper()
	topology := harness.Topology{Name: "drbd"}
	for i, name := range []string{"drbd-1", "drbd-2"} {
		topology.Nodes = append(topology.Nodes, harness.Node{
			Name: name, Role: Role,
			IPv4: netip.AddrFrom4([4]byte{10, 207, 7, byte(11 + i)}),
		})
	}
	machines := labtest.New(topology)
	t.Cleanup(machines.Close)
	pair, err := PairOf(topology)
	labtest.Expect(t, err, "")
	first := &fakeGuest{mounted: true, status: " 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n"}
	second := &fakeGuest{status: " 0: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----\n"}
	machines.Serve(harness.VantageObserver, "10.207.7.11:80", first)
	machines.Serve(harness.VantageObserver, "10.207.7.12:80", second)
	return machines, pair, first, second
}

// Goal: in peace every row is at the primary; with two, each has half; what neither took is refused, and what one
// failed at is unknown. Method: two fakes in those states.
func TestRows(t *testing.T) {
	machines, pair, first, second := standIn(t)
	ledger := Rows(pair)
	write := func(entries ...int) {
		for _, entry := range entries {
			labtest.Expect(t, ledger.Write(t.Context(), machines, entry), "")
		}
	}
	write(0, 1)
	second.mounted = true
	write(2, 3)
	if first.rows != "0\n1\n2\n" || second.rows != "3\n" {
		t.Errorf("the first has %q, the second %q", first.rows, second.rows)
	}
	first.rows += "4x\n\n17" // neither is a row: the last line was written in part
	_, err := ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "list the rows: both machines serve rows")
	second.mounted = false
	entries, err := ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "")
	second.mounted = true
	if !slices.Equal(entries, []int{0, 1, 2}) {
		t.Errorf("listed %v", entries)
	}
	second.broken = true
	if err := ledger.Write(t.Context(), machines, 5); err == nil || errors.Is(err, harness.ErrRefused) {
		t.Errorf("a machine that failed leaves open what it wrote: %v", err)
	}
	first.mounted, second.mounted = false, false
	if err := ledger.Write(t.Context(), machines, 6); !errors.Is(err, harness.ErrRefused) {
		t.Errorf("nobody took it: %v", err)
	}
	_, err = ledger.Entries(t.Context(), machines)
	labtest.Expect(t, err, "drbd-2: the disk is not mounted there")
	labtest.Expect(t, Serves(pair).Check(t.Context(), machines), "drbd-1: the disk is not mounted there")
}

// Goal: each probe holds in peace and fails for its own reason. Method: fakes in peace, and after a split brain.
func TestProbes(t *testing.T) {
	machines, pair, first, second := standIn(t)
	check := func(probe harness.Probe, want string) {
		t.Helper()
		labtest.Expect(t, probe.Check(t.Context(), machines), want)
	}
	for _, probe := range append(pair.InSync(), Serves(pair), OnePrimary(pair), pair.Primaries()[0]) {
		check(probe, "")
	}
	check(pair.Primaries()[1], "cs:Connected ro:Secondary/Primary")
	first.status = " 0: cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C r-----\n"
	second.status = " 0: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----\n"
	check(OnePrimary(pair), "2 machines are primary: drbd-1, drbd-2")
	check(pair.InSync()[0], "cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown")
	check(pair.InSync()[1], "cs:StandAlone")
	first.status, second.status = "", ""
	check(OnePrimary(pair), "0 machines are primary")
}

// Goal: only the time counts in which both could write, after the fault. Method: a record in which they overlap twice,
// the first time before the fault.
func TestTwoPrimaries(t *testing.T) {
	_, pair, _, _ := standIn(t)
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	record := harness.Record{SLIs: []harness.RecordSLI{
		{Name: "drbd-1 is primary", Intervals: []harness.Interval{{Up: true, From: at(0), Seen: at(0), To: at(60)}}},
		{Name: "drbd-2 is primary", Intervals: []harness.Interval{
			{Up: true, From: at(5), Seen: at(5), To: at(9)},
			{From: at(10), Seen: at(10), To: at(29)},
			{Up: true, From: at(30), Seen: at(30), To: at(41)},
			{From: at(42), Seen: at(42), To: at(60)},
		}},
	}}
	if both, err := pair.TwoPrimaries(record); err != nil || both != 0 {
		t.Errorf("nothing has struck, and it counts %v, %v", both, err)
	}
	record.Fault = &harness.RecordFault{At: at(20)}
	if both, err := pair.TwoPrimaries(record); err != nil || both != at(12) {
		t.Errorf("counted %v, %v, want 12 s", both, err)
	}
	record.SLIs = record.SLIs[:1]
	if _, err := pair.TwoPrimaries(record); err == nil {
		t.Error("one was not watched, and it counts all the same")
	}
}

// Goal: a pair is two nodes. Method: a topology with one.
func TestPairOf(t *testing.T) {
	_, err := PairOf(harness.Topology{Name: "half", Nodes: []harness.Node{{Name: "drbd-1", Role: Role}}})
	labtest.Expect(t, err, "the topology half has 1 nodes of role drbd: two are needed")
}

// A scripted operator answers commands by rules, and notes them.
type scripted struct {
	*labtest.Lab
	commands []string
	answer   func(node, command string) error
}

func (s *scripted) Exec(_ context.Context, node string, argv ...string) ([]byte, error) {
	command := strings.Join(argv, " ")
	s.commands = append(s.commands, node+": "+command)
	if s.answer == nil {
		return nil, nil
	}
	return nil, s.answer(node, command)
}

func (s *scripted) says(t *testing.T, node, status string) {
	t.Helper()
	labtest.Expect(t, s.Lab.WriteFile(t.Context(), node, harness.File{Path: statusFile, Data: []byte(version + status)}), "")
}

func (s *scripted) follow(t *testing.T, steps []harness.Step) {
	t.Helper()
	for _, step := range steps {
		labtest.Expect(t, step.Do(t.Context(), s), "")
	}
}

// Goal: the stale side is discarded with the commands that its state asks for, and the survivor is left alone where
// it still waits. Method: both combinations of states, and what was run.
func TestDiscardStaleSide(t *testing.T) {
	const synced = " 0: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----\n"
	for name, c := range map[string]struct {
		stale, survivor string
		want            []string
	}{
		"both stand alone": {standing, standing, []string{
			"drbd-2: umount /srv", "drbd-2: drbdadm secondary r0",
			"drbd-2: drbdadm connect --discard-my-data r0", "drbd-1: drbdadm connect r0",
		}},
		"the stale side waits": {waiting, standing, []string{
			"drbd-2: umount /srv", "drbd-2: drbdadm secondary r0", "drbd-2: drbdadm disconnect r0",
			"drbd-2: drbdadm connect --discard-my-data r0", "drbd-1: drbdadm connect r0",
		}},
		"the survivor waits": {standing, waiting, []string{
			"drbd-2: umount /srv", "drbd-2: drbdadm secondary r0", "drbd-2: drbdadm connect --discard-my-data r0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			machines, pair, _, _ := standIn(t)
			operator := &scripted{Lab: machines}
			operator.says(t, "drbd-1", " 0: cs:"+c.survivor+" ro:Primary/Unknown ds:UpToDate/DUnknown C r-----\n")
			operator.says(t, "drbd-2", " 0: cs:"+c.stale+" ro:Primary/Unknown ds:UpToDate/DUnknown C r-----\n")
			operator.answer = func(_, command string) error {
				if strings.Contains(command, "--discard-my-data") {
					operator.says(t, "drbd-2", synced)
				}
				return nil
			}
			operator.follow(t, pair.DiscardStaleSide("drbd-2").Steps())
			if !slices.Equal(operator.commands, c.want) {
				t.Errorf("ran %q", operator.commands)
			}
		})
	}
}
