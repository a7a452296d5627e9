package reports

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/judge"
)

// update makes the tests write what they would compare: `go test ./reports -update`.
var update = flag.Bool("update", false, "regenerate reports/testdata")

// The records below are made up by this file, with figures like those of real drills: no cluster
// ran for them. Their ID says so in every report. They are kept as testdata/*.json, so that a
// change of the judge shows as a difference with what it once said.

// drillStart is when every made-up run began.
var drillStart = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// t0 is when the fault strikes in every made-up drill.
const t0 = 6*time.Second + 137*time.Millisecond

// An interval is a stretch of time after t0.
type interval struct{ from, to time.Duration }

// forever is the end of an outage that nothing ends.
const forever = 24 * time.Hour

// madeUp are all made-up records, in the order in which their drills would have run.
func madeUp() []harness.Record {
	records := []harness.Record{
		recoveredByRunbook(), missedAsClaimed(), withWatchedNeverBack(), recoveredBySelf(), withoutData(), inconclusiveDrill(),
		missedNotAsClaimed(), withDeclaredTime(), recoveredByRevert(),
	}
	records = append(records, newerMadeUp()...)
	records = append(records, rehearsalFailed(), readOnly(), withDrift())
	for i := range records {
		records[i].ID = "made-up-" + records[i].ID
		records[i].Repeat = fmt.Sprintf("make chaos LABELS=%s FOCUS=%q", records[i].Scenario, records[i].Title)
		if records[i].Phase > 0 {
			records[i].Repeat += fmt.Sprintf(" SEED=%d PHASE=1", records[i].Seed)
		}
		records[i].Started = drillStart.Add(time.Duration(i) * 2 * time.Minute)
		records[i].Judgement = judge.Judge(records[i])
	}
	return records
}

// baseRecord is a drill on the renumbered cluster up to its fault.
func baseRecord(id, title string, length time.Duration) harness.Record {
	record := harness.Record{
		Schema: harness.RecordSchema, ID: id, Scenario: "renumbering", Title: title,
		Labels: []string{"renumbering", "nomad", "consul"}, Seed: 20200120, Duration: length,
		Versions: map[string]string{"nomad": "1.11.3", "consul": "1.22.5"},
		Engine:   map[string]string{"docker": "20.10.24", "kernel": "6.1.0"},
		Topology: "nomad-consul-3", SteadyAt: 5 * time.Second, WatchedUntil: length - 2*time.Second,
		Objective: harness.RecordObjective{
			RTO: 10 * time.Minute, Dwell: 5 * time.Second, DetectWithin: time.Minute,
			GiveUpAfter: 20*time.Minute + 5*time.Second,
		},
		Claim: harness.Claim{Verdict: harness.Met},
		Events: []harness.Event{
			{At: 0, Kind: "phase", Text: "baseline"},
			{At: 5 * time.Second, Kind: "phase", Text: "the steady state holds; writing begins"},
			{At: t0, Kind: "fault", Text: "renumbering of 7 nodes into fd00:d2::/64"},
			{At: t0 + 600*time.Millisecond, Kind: "detect", Text: "the steady state broke"},
		},
	}
	record.Fault = &harness.RecordFault{
		Description: "renumbering of 7 nodes into fd00:d2::/64", At: t0, Uncertainty: 210 * time.Microsecond,
		Confirmed: "no old address answers the observer, every new one does",
	}
	for i, node := range []string{"consul-1", "consul-2", "consul-3", "nomad-1", "nomad-2", "nomad-3", "client-1"} {
		record.Nodes = append(record.Nodes, harness.RecordNode{
			Name: node, Role: strings.TrimRight(node, "-123") + "-server", System: "nomad-consul",
			Before: harness.Addresses{IPv6: address("fd00:d1::", 16+i), IPv4: address("10.201.1.", 16+i)},
			After:  harness.Addresses{IPv6: address("fd00:d2::", 16+i), IPv4: address("10.201.2.", 16+i)},
		})
		began := time.Duration(40+i*83) * time.Microsecond
		record.Fault.Effects = append(record.Fault.Effects, harness.Effect{
			Node: node, Began: began, Done: began + 340*time.Microsecond, Call: began + 810*time.Microsecond,
		})
		record.Fault.Skew = began - 40*time.Microsecond
	}
	return record
}

func address(prefix string, host int) netip.Addr {
	if strings.Contains(prefix, ":") {
		return netip.MustParseAddr(fmt.Sprintf("%s%x", prefix, host))
	}
	return netip.MustParseAddr(fmt.Sprintf("%s%d", prefix, host))
}

// watch makes the samples of an SLI that is down in the given intervals.
func watch(record *harness.Record, name string, steady bool, cause string, downs ...interval) {
	const period = 500 * time.Millisecond
	sli := harness.RecordSLI{Name: name, Period: period, Steady: steady}
	for at := time.Duration(0); at < record.Duration; at += period {
		up := true
		for _, down := range downs {
			up = up && (at < t0+down.from || at >= t0+down.to)
		}
		last := len(sli.Intervals) - 1
		if last < 0 || sli.Intervals[last].Up != up {
			sli.Intervals = append(sli.Intervals, harness.Interval{Up: up, From: at, Seen: at + 3700*time.Microsecond})
			last++
		}
		sli.Intervals[last].To = at
		sli.Intervals[last].Samples++
		if !up {
			sli.Intervals[last].Error = cause
		}
	}
	record.SLIs = append(record.SLIs, sli)
}

// repair adds the steps of a runbook, one after the other.
func repair(record *harness.Record, runbook string, from time.Duration, steps ...harness.RecordStep) {
	at := t0 + from
	for _, step := range steps {
		length := step.To
		step.Runbook, step.From, step.To = runbook, at, at+length
		at += length
		record.Steps = append(record.Steps, step)
		record.Events = append(record.Events, harness.Event{At: step.From, Kind: "step", Text: runbook + ": " + step.Name})
	}
}

// step is one that took so long.
func step(name string, length time.Duration) harness.RecordStep {
	return harness.RecordStep{Name: name, To: length}
}

// ledger is one whose writes were attempted, some of them before the fault, and partly refused or lost.
func ledger(name string, attempted, before, refused, unknown, lost int) harness.RecordLedger {
	acknowledged := attempted - refused - unknown
	return harness.RecordLedger{
		Name: name, Attempted: attempted, Acknowledged: acknowledged, AcknowledgedBefore: before,
		Refused: refused, Unknown: unknown, Lost: lost, Kept: acknowledged - lost, Reconciled: true,
	}
}

const noLeader = "Unexpected response code: 500 (No cluster leader)"

func consulSteps() []harness.RecordStep {
	return []harness.RecordStep{
		step("stop every server", 1240*time.Millisecond),
		step("write the new addresses into the configuration", 85*time.Millisecond),
		step("start every server", 312*time.Millisecond),
	}
}

func recoveredByRunbook() harness.Record {
	record := baseRecord("recovered-by-peers-json",
		"Nomad after a renumbering is recovered by peers.json, nothing lost Raft protocol 3", 32*time.Second)
	record.Labels = append(record.Labels, "smoke")
	watch(&record, "consul quorum of 3", true, noLeader, interval{600 * time.Millisecond, 7200 * time.Millisecond})
	watch(&record, "nomad quorum of 3", true, "server nomad-1: No cluster leader",
		interval{1100 * time.Millisecond, 14 * time.Second})
	watch(&record, "job canary running", true, "no answer in time", interval{1600 * time.Millisecond, 14 * time.Second})
	watch(&record, "canary answers by name", true, "lookup canary.service.consul: no such host",
		interval{600 * time.Millisecond, 9500 * time.Millisecond})
	watch(&record, "canary answers at its new address", false, "")
	repair(&record, "consul: stop, change, start", 2*time.Second, consulSteps()...)
	repair(&record, "nomad: peers.json", 3700*time.Millisecond,
		step("stop every server", 2100*time.Millisecond), step("write the new addresses into the configuration", 91*time.Millisecond),
		step("write raft/peers.json on every server, in the format of Raft protocol 3", 64*time.Millisecond),
		step("start every server", 402*time.Millisecond), step("prove that peers.json was ingested", 2310*time.Millisecond))
	record.Ledgers = []harness.RecordLedger{
		ledger("consul kv drill", 290, 58, 61, 3, 0),
		ledger("nomad variables drill", 285, 57, 119, 4, 0),
	}
	record.Ledgers[1].UnknownKept = 1
	record.Findings = []string{"the job kept its allocation and its process through stop, peers.json and start"}
	record.Evidence = []harness.Evidence{{
		Name: "peers.json was ingested", Node: "nomad-2", At: t0 + 7*time.Second,
		Text: "2026-11-21T09:30:13.137Z [INFO]  nomad: found peers.json file, recovering Raft configuration...\n" +
			"2026-11-21T09:30:13.402Z [INFO]  nomad: deleted peers.json file after successful recovery",
	}}
	record.Events = append(record.Events, harness.Event{
		At: t0 + 14*time.Second, Kind: "recover",
		Text: "the steady state holds again",
	})
	return record
}

func missedAsClaimed() harness.Record {
	record := baseRecord("no-leader-without-peers-json",
		"Nomad after a renumbering does not elect a leader after stop, change, start Raft protocol 3", 50*time.Second)
	record.Objective.RTO, record.Objective.GiveUpAfter = 30*time.Second, 40*time.Second
	record.Claim = harness.Claim{
		Verdict: harness.Missed,
		Because: "Raft's own state still holds the old addresses, whatever the configuration says",
	}
	watch(&record, "consul quorum of 3", true, noLeader, interval{600 * time.Millisecond, 7700 * time.Millisecond})
	watch(&record, "nomad quorum of 3", true, "server nomad-1: No cluster leader", interval{1100 * time.Millisecond, forever})
	watch(&record, "job canary running", true, "no answer in time", interval{1600 * time.Millisecond, forever})
	repair(&record, "consul: stop, change, start", 2*time.Second, consulSteps()...)
	repair(&record, "nomad: stop, change, start", 3700*time.Millisecond, step("stop every server", 2050*time.Millisecond),
		step("write the new addresses into the configuration", 88*time.Millisecond), step("start every server", 398*time.Millisecond))
	record.Ledgers = []harness.RecordLedger{ledger("consul kv drill", 470, 59, 64, 2, 0)}
	return record
}

func missedNotAsClaimed() harness.Record {
	record := baseRecord("writes-lost", "A snapshot restored on new servers brings everything back", 80*time.Second)
	record.Scenario, record.Labels = "restore", []string{"restore", "consul", "nightly"}
	record.Objective.RTO, record.Objective.RPO = time.Minute, 2*time.Second
	watch(&record, "consul quorum of 3", true, "connect: no route to host", interval{200 * time.Millisecond, 61*time.Second +
		400*time.Millisecond})
	watch(&record, "canary answers by name", true, "no answer in time", interval{700 * time.Millisecond, 58 * time.Second})
	repair(&record, "consul: restore a snapshot", 9*time.Second, step("start three empty servers", 22*time.Second),
		harness.RecordStep{
			Name: "restore the newest snapshot", To: 12 * time.Second,
			Error: `consul-1: "consul snapshot restore /backup/1.snap" exited with 1: ` +
				"Error restoring snapshot: Unexpected response code: 500 (checksum mismatch)",
		},
		step("restore the snapshot before it", 11*time.Second))
	lossy := ledger("consul kv drill", 640, 58, 540, 6, 41)
	lossy.OldestLost, lossy.LostEntries, lossy.Reappeared = t0-4100*time.Millisecond, []int{18, 19, 20, 21, 22}, 1
	record.Ledgers = []harness.RecordLedger{lossy}
	return record
}

func inconclusiveDrill() harness.Record {
	record := baseRecord("starved", "Losing one machine the leader costs an election and no write power lost", 24*time.Second)
	record.Objective.RTO = 30 * time.Second
	record.Fault.Description, record.Fault.Effects, record.Fault.Skew = "power loss of nomad-2", record.Fault.Effects[4:5], 0
	watch(&record, "nomad has a leader", true, "No cluster leader", interval{2100 * time.Millisecond, 8 * time.Second})
	record.Ledgers = []harness.RecordLedger{ledger("nomad variables drill", 150, 58, 31, 2, 0)}
	record.Ledgers[0].Reconciled = false
	record.Doubts = []string{"agent of nomad-1 did not get the processor for 1.9 s while the recovery was watched"}
	return record
}

func recoveredBySelf() harness.Record {
	record := baseRecord("leader-killed", "Losing one machine the leader costs an election and no write processes killed",
		20*time.Second)
	record.Objective.RTO = 30 * time.Second
	record.Fault.Description, record.Fault.Effects,
		record.Fault.Skew = "node loss of nomad-2: every process killed, links up, page cache kept", record.Fault.Effects[4:5], 0
	watch(&record, "nomad has a leader", true, "No cluster leader", interval{300 * time.Millisecond, 4400 * time.Millisecond})
	watch(&record, "canary answers at its new address", false, "")
	record.Ledgers = []harness.RecordLedger{ledger("nomad variables drill", 150, 58, 20, 1, 0)}
	return record
}

func withDeclaredTime() harness.Record {
	record := baseRecord("reinstall", "A read-only root is repaired by reinstalling the machine", 75*time.Second)
	record.Scenario, record.Labels = "readonlyroot", []string{"readonlyroot", "nomad", "nightly"}
	record.Objective.RTO = 30 * time.Minute
	watch(&record, "nomad quorum of 3", true, "server nomad-2: read-only file system",
		interval{900 * time.Millisecond, 52 * time.Second})
	reinstall := harness.RecordStep{Name: "reinstall the operating system", Declared: 20 * time.Minute, DeclaredOnly: true}
	decision := harness.RecordStep{Name: "decide to reinstall", Declared: 5 * time.Minute, DeclaredOnly: true}
	repair(&record, "reinstall", 12*time.Second, decision, step("drain the node", 6*time.Second), reinstall,
		step("write its configuration", 300*time.Millisecond), step("start the server", 21*time.Second))
	record.Ledgers = []harness.RecordLedger{ledger("nomad variables drill", 690, 60, 0, 0, 0)}
	return record
}

func withWatchedNeverBack() harness.Record {
	record := baseRecord("consul-stop-change-start",
		"Renumbering every server is survived by Consul with stop, change, start alone", 26*time.Second)
	record.Labels = append(record.Labels, "2020-01-20-ip-renumbering")
	watch(&record, "consul quorum of 3", true, noLeader, interval{600 * time.Millisecond, 9100 * time.Millisecond})
	watch(&record, "canary answers at its old address", false, "connect: no route to host",
		interval{300 * time.Millisecond, forever})
	watch(&record, "consul has a leader", false, noLeader, interval{400 * time.Millisecond, 1300 * time.Millisecond},
		interval{2 * time.Second, 2400 * time.Millisecond}, interval{3 * time.Second, 8700 * time.Millisecond})
	repair(&record, "consul: stop, change, start", 2*time.Second, consulSteps()...)
	record.Ledgers = []harness.RecordLedger{ledger("consul kv drill", 230, 59, 82, 3, 0)}
	return record
}

func withoutData() harness.Record {
	record := baseRecord("client-powered-on", "Losing one machine the only client costs the service until it is back power lost",
		40*time.Second)
	record.Objective.RTO, record.Objective.NoData = 3*time.Minute, true
	record.Fault.Description, record.Fault.Effects,
		record.Fault.Skew = "power loss of client-1: silence, not a goodbye; page cache kept", record.Fault.Effects[6:], 0
	watch(&record, "canary answers at its new address", true, "no answer in time",
		interval{100 * time.Millisecond, 24600 * time.Millisecond})
	watch(&record, "nomad has a leader", false, "")
	repair(&record, "power button", 5*time.Second, step("press the power button of client-1", 470*time.Millisecond))
	return record
}

func recoveredByRevert() harness.Record {
	record := baseRecord("partition-lifted", "A minority <that is cut off> & alone stays without a leader", 58*time.Second)
	record.Scenario, record.Labels = "partition", []string{"partition"}
	record.Objective.RTO, record.Objective.NoData = 20*time.Second, true
	record.Claim = harness.Claim{Verdict: harness.Missed, Because: "one server of three has no quorum"}
	record.Fault.Description, record.Fault.RevertedAt = "partition of consul-1 | consul-2, consul-3", t0+40*time.Second
	record.WatchedUntil = 57 * time.Second
	watch(&record, "consul-1 has a leader", true, "No cluster leader", interval{1200 * time.Millisecond, 43 * time.Second})
	return record
}

// madeUpRun is a whole run of them, with specs that failed and that were skipped.
func madeUpRun() Run {
	records := madeUp()
	return Run{
		ID: "20261121-093000", Command: "make chaos SEED=20200120", Seed: 20200120, Started: drillStart, Duration: 43*time.Minute +
			4*time.Second,
		Records: records,
		Skipped: []Skip{{"readonlyroot", "is seen by nobody for a minute", "this engine cannot grant SYS_ADMIN"}},
		Failures: []Failure{
			{
				Scenario: "renumbering", Title: "nothing leaves the lab",
				Message: "start the lab: make the network reprise-1: no free prefix\nsee `make doctor`",
			},
			{Record: "made-up-leader-killed", Message: "canary answers at its new address should not have been affected:\nexpected " +
				"false to be true"},
			{
				Scenario: "restore", Title: "the suite", Kind: SuiteFailed,
				Message: "it was ended by signal 9 (killed) before it wrote a report",
				Output:  "make image registry\n  layer 3 of 7\n| 43 % | <made>",
			},
			{
				Scenario: "restore", Title: "A backup is restored while the service writes", Kind: NeverRan,
				Message: "never ran to its end: its suite was ended by signal 9 (killed) before it wrote a report",
			},
		},
	}
}

// golden compares a text with testdata/<name>, or writes it there with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := writeFile(path, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs in line %d (regenerate with -update and look at the change):\n got %s\nwant %s", path, i+1, gotLines[i],
				wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d", path, len(gotLines), len(wantLines))
}
