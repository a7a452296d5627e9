package reports

import (
	"fmt"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// The records below are made up like those of records_test.go, for what came later: SLIs named as
// unaffected, a second fault, registers, error bounds of outages, repeated drills.

// answerTime is how long a made-up answer takes.
const answerTime = 900 * time.Microsecond

// observe makes the samples of an SLI that is asked each 20 ms and down in the given intervals after
// t0. The observer leaves out the questions that fall into blind.
func observe(record *harness.Record, sli harness.RecordSLI, cause string, blind interval, downs ...interval) {
	sli.Period = 20 * time.Millisecond
	asked := -sli.Period
	for at := time.Duration(0); at < record.Duration; at += sli.Period {
		if at > t0+blind.from && at < t0+blind.to {
			sli.Skipped++
			continue
		}
		if gap := at - asked; gap >= 2*sli.Period {
			sli.LongestGap = max(sli.LongestGap, gap)
		}
		up := true
		for _, down := range downs {
			up = up && (at < t0+down.from || at >= t0+down.to)
		}
		last := len(sli.Intervals) - 1
		if last < 0 || sli.Intervals[last].Up != up {
			interval := harness.Interval{Up: up, From: at, Seen: at + answerTime, By: at + answerTime, After: max(0, asked)}
			sli.Intervals, last = append(sli.Intervals, interval), last+1
		}
		sli.Intervals[last].To = at
		sli.Intervals[last].Samples++
		if !up {
			sli.Intervals[last].Error = cause
		}
		asked = at
	}
	record.SLIs = append(record.SLIs, sli)
}

func steady(name string) harness.RecordSLI { return harness.RecordSLI{Name: name, Steady: true} }
func unaffected(name string) harness.RecordSLI {
	return harness.RecordSLI{Name: name, Unaffected: true}
}

// newerMadeUp are the made-up records of the newer kinds.
func newerMadeUp() []harness.Record {
	return append([]harness.Record{unaffectedFailed(), secondFault(), notLinearizable(), vagueFigure()}, repeatedDrills()...)
}

// leaderKilled is a drill in which one server of three dies.
func leaderKilled(id, title string, length time.Duration) harness.Record {
	record := baseRecord(id, title, length)
	record.Objective.RTO = 10 * time.Second
	record.Fault.Description, record.Fault.Effects, record.Fault.Skew = "process kill of consul on consul-2",
		record.Fault.Effects[1:2], 0
	record.Fault.Confirmed = "no process of consul-2 is left, and its port refuses the observer"
	record.Events = record.Events[:2]
	record.Events = append(record.Events, harness.Event{At: t0, Kind: "fault", Text: record.Fault.Description})
	record.Ledgers = []harness.RecordLedger{ledger("consul kv drill", 3120, 1210, 640, 7, 0)}
	record.Ledgers[0].UnknownKept = 2
	return record
}

func unaffectedFailed() harness.Record {
	record := leaderKilled("unaffected-failed", "Killing Consul's leader touches nobody but Consul", 16*time.Second)
	observe(&record, steady("consul has a leader"), noLeader, interval{}, interval{12 * time.Millisecond, 2740 * time.Millisecond})
	observe(&record, unaffected("nomad has a leader"), "", interval{})
	observe(&record, unaffected("canary answers by name"), "lookup canary.service.consul: server misbehaving", interval{},
		interval{60 * time.Millisecond, 2810 * time.Millisecond})
	return record
}

func secondFault() harness.Record {
	record := baseRecord("second-fault", "Nomad after a renumbering is recovered by peers.json although a server dies meanwhile",
		34*time.Second)
	observe(&record, steady("nomad quorum of 3"), "server nomad-1: No cluster leader", interval{},
		interval{210 * time.Millisecond, 17400 * time.Millisecond})
	observe(&record, unaffected("traefik answers"), "", interval{})
	repair(&record, "nomad: peers.json", 3*time.Second, step("stop every server", 2100*time.Millisecond),
		step("write raft/peers.json on every server", 64*time.Millisecond), step("start every server", 402*time.Millisecond))
	record.FurtherFaults = []harness.RecordFault{{
		Description: "process kill of nomad on nomad-3", At: t0 + 5300*time.Millisecond, Uncertainty: 90 * time.Microsecond,
		Effects: []harness.Effect{{
			Node: "nomad-3", Began: 31 * time.Microsecond, Done: 52 * time.Microsecond,
			Call: 610 * time.Microsecond,
		}},
		Confirmed: "no process of nomad-3 is left", RevertedAt: t0 + 22*time.Second,
	}}
	record.Events = append(record.Events, harness.Event{
		At: t0 + 5300*time.Millisecond, Kind: "fault",
		Text: "second fault: process kill of nomad on nomad-3",
	})
	record.Ledgers = []harness.RecordLedger{ledger("nomad variables drill", 4100, 1190, 2210, 12, 0)}
	record.Ledgers[0].Reappeared = 1
	record.Registers = []harness.RecordRegister{{
		Name: "nomad variables register", Clients: 5, Operations: 6204, Refused: 811, Unknown: 23, Linearizable: harness.Linearizable,
	}}
	return record
}

func notLinearizable() harness.Record {
	record := leaderKilled("not-linearizable", "Stale reads of Consul KV are not linearizable", 16*time.Second)
	record.Claim = harness.Claim{Verdict: harness.Missed, Because: "a stale read may be answered by a server that lags behind"}
	observe(&record, steady("consul has a leader"), noLeader, interval{}, interval{12 * time.Millisecond, 2740 * time.Millisecond})
	record.Registers = []harness.RecordRegister{{
		Name: "consul kv register", Clients: 4, Operations: 3980, Refused: 204, Unknown: 9, Linearizable: harness.NotLinearizable,
		Explanation: "client 3 read 31 from key 2 after client 1 had read 33 from it",
		History:     madeUpHistory(),
	}}
	return record
}

// rehearsalFailed is a drill that is over before its fault: the backup is there and cannot be restored.
func rehearsalFailed() harness.Record {
	record := baseRecord("rehearsal-failed", "The node is rebuilt from a backup that is truncated", 21*time.Second)
	record.Scenario, record.Labels = "singlenode", []string{"singlenode", "k3s"}
	record.Versions, record.Topology = map[string]string{"k3s": "1.34.0+k3s1", "ansible-core": "2.14.18"}, "blog"
	record.Objective.RTO, record.Objective.RPO = 30*time.Minute, 24*time.Hour
	record.Claim = harness.Claim{Verdict: harness.Missed, Because: "the nightly upload was cut off"}
	record.Nodes = []harness.RecordNode{
		{Name: "blog-1", Role: "machine", System: "machine bookworm", Before: blogAddresses(11), After: blogAddresses(11)},
		{Name: "s3-1", Role: "s3", System: "versitygw 1.8.0", Before: blogAddresses(21), After: blogAddresses(21)},
	}
	watch(&record, "the blog serves its posts", true, "")
	record.Fault, record.WatchedUntil = nil, 0
	record.Rehearsals = []harness.RecordRehearsal{
		{Name: "fetching the newest backup", From: 6200 * time.Millisecond, To: 7050 * time.Millisecond},
		{
			Name: "restoring the newest backup into an empty place", From: 7050 * time.Millisecond, To: 18300 * time.Millisecond,
			Error: `blog-1: "restore-check blog-20261121-031500.tgz" exited with 1: gzip: stdin: unexpected end of file`,
		},
	}
	record.Events = record.Events[:2]
	for i, became := range []string{"it works (850ms)", record.Rehearsals[1].Error} {
		rehearsal := record.Rehearsals[i]
		record.Events = append(record.Events, harness.Event{
			At: rehearsal.To, Kind: "note", Text: "rehearsal of " + rehearsal.Name + ": " + became,
		})
	}
	record.Ledgers = []harness.RecordLedger{ledger("posts of the blog", 130, 130, 0, 0, 0)}
	record.Ledgers[0].Kept, record.Ledgers[0].Reconciled = 0, false
	return record
}

func blogAddresses(host int) harness.Addresses {
	return harness.Addresses{IPv6: address("fd00:d5::", host), IPv4: address("10.201.5.", host)}
}

// madeUpHistory is a history of 4 clients on key 2: writes and reads in peace, an election in which
// writes stay unknown, then a read of a value that another client has seen replaced.
func madeUpHistory() []harness.Operation {
	const ms = time.Millisecond
	var operations []harness.Operation
	add := func(client int, kind harness.OperationKind, value int, call, took time.Duration,
		outcome harness.OperationOutcome,
	) *harness.Operation {
		operations = append(operations, harness.Operation{
			Client: client, Key: 2, Kind: kind, Value: value, Call: t0 + call, Return: t0 + call + took, Outcome: outcome,
		})
		return &operations[len(operations)-1]
	}
	for i := range 30 { // a row of writes and reads before the fault
		at := -900*ms + time.Duration(i)*30*ms
		add(0, harness.OperationWrite, i+1, at, 6*ms, harness.OperationDone)
		add(i%3+1, harness.OperationRead, i+1, at+8*ms, 2*ms, harness.OperationDone)
	}
	add(0, harness.OperationWrite, 31, 2*ms, 9*ms, harness.OperationDone)
	add(1, harness.OperationRead, 31, 4*ms, 11*ms, harness.OperationDone)
	add(2, harness.OperationWrite, 32, 14*ms, 1500*ms, harness.OperationUnknown)
	add(3, harness.OperationRead, 31, 18*ms, 3*ms, harness.OperationDone)
	add(0, harness.OperationWrite, 34, 400*ms, 5*ms, harness.OperationRefused)
	add(0, harness.OperationCompareAndSet, 33, 2750*ms, 7*ms, harness.OperationDone).Expected = 31
	add(1, harness.OperationRead, 33, 2754*ms, 8*ms, harness.OperationDone).Bad = true
	add(3, harness.OperationRead, 31, 2764*ms, 2*ms, harness.OperationDone).Bad = true
	add(2, harness.OperationRead, 0, 2766*ms, 900*ms, harness.OperationUnknown)
	add(0, harness.OperationRead, 33, 2770*ms, 2*ms, harness.OperationDone)
	return operations
}

func vagueFigure() harness.Record {
	record := leaderKilled("observer-held-up", "Killing Consul's leader is healed by an election, seen by an observer that was "+
		"held up", 16*time.Second)
	observe(&record, steady("consul has a leader"), noLeader, interval{2700 * time.Millisecond, 2790 * time.Millisecond},
		interval{12 * time.Millisecond, 2740 * time.Millisecond})
	observe(&record, harness.RecordSLI{Name: "consul-1 answers"}, "connect: connection refused",
		interval{900 * time.Millisecond, 985 * time.Millisecond},
		interval{940 * time.Millisecond, 1400 * time.Millisecond})
	return record
}

// repeatedDrills are eight drills of one spec at different phases; the sixth misses its RTO.
func repeatedDrills() []harness.Record {
	var records []harness.Record
	for i, took := range []int{3120, 2480, 4960, 3310, 2890, 11240, 3070, 6630} {
		record := leaderKilled(fmt.Sprintf("repeated-%d", i+1), "Killing Consul's leader is healed by an election at any phase",
			25*time.Second)
		record.Seed, record.Phase = int64(20200120+i), time.Duration(i*i*37%500)*time.Millisecond+time.Duration(i*217)*time.Microsecond
		observe(&record, steady("consul has a leader"), noLeader, interval{}, interval{
			time.Duration(10+i*7) * time.Millisecond,
			time.Duration(took) * time.Millisecond,
		})
		if i == 6 {
			record.Ledgers[0].Lost, record.Ledgers[0].Kept, record.Ledgers[0].OldestLost = 2, record.Ledgers[0].Kept-2,
				t0-8*time.Millisecond
			record.Ledgers[0].LostEntries = []int{1208, 1209}
		}
		records = append(records, record)
	}
	return records
}

// readOnly is a server whose disk became read-only: two milestones, one of them late, and what no client saw.
func readOnly() harness.Record {
	record := baseRecord("read-only", "A read-only server is replaced, with a page that nobody had written down", 70*time.Second)
	record.Scenario, record.Labels = "readonlyroot", []string{"readonlyroot", "ansible"}
	record.Versions, record.Topology = map[string]string{"nginx": "1.22.1", "postgresql": "15"}, "server"
	record.Objective.RTO, record.Objective.RPO = 90*time.Minute, 24*time.Hour
	record.Fault.Description, record.Fault.Effects, record.Fault.Skew = "read-only root of web-1", record.Fault.Effects[:1], 0
	record.Fault.Confirmed = "web-1 cannot write: read-only file system"
	record.Events = append(record.Events[:2], harness.Event{At: t0, Kind: "fault", Text: record.Fault.Description})
	observe(&record, steady("the page is served"), "", interval{})
	observe(&record, steady("uploads are accepted"), "status 500", interval{}, interval{40 * time.Millisecond, 52 * time.Second})
	observe(&record, harness.RecordSLI{Name: "requests are logged", Unseen: true}, "the request is not in access.log", interval{},
		interval{60 * time.Millisecond, forever})
	repair(&record, "replace web-1", 3*time.Second, harness.RecordStep{
		Name:     "decide, and order a server",
		Declared: 10 * time.Minute, DeclaredOnly: true,
	},
		step("move the disks", 400*time.Millisecond), step("play site.yml on web-2", 38*time.Second))
	record.Milestones = []harness.RecordMilestone{
		{Name: "operational", Within: 15 * time.Minute, SLIs: []string{"the page is served"}},
		{Name: "partial service", Within: 5 * time.Minute, SLIs: []string{"the page is served", "uploads are accepted"}},
	}
	record.Ledgers = []harness.RecordLedger{ledger("uploads", 120, 60, 30, 2, 11)}
	return record
}
