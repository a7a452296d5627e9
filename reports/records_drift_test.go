package reports

import (
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// withDrift is a drill whose service came back, and whose nodes are not quite what they were.
func withDrift() harness.Record {
	record := baseRecord("drift", "Nomad after a renumbering is recovered by peers.json, and the audit finds what the runbook "+
		"forgot", 34*time.Second)
	observe(&record, steady("nomad quorum of 3"), "server nomad-1: No cluster leader", interval{},
		interval{210 * time.Millisecond, 17400 * time.Millisecond})
	repair(&record, "nomad: peers.json", 3*time.Second, step("stop every server", 2100*time.Millisecond),
		step("write raft/peers.json on every server", 64*time.Millisecond), step("start every server", 402*time.Millisecond))
	record.Ledgers = []harness.RecordLedger{ledger("nomad variables drill", 4100, 1190, 2210, 12, 0)}
	const follows = "it follows from the new addresses"
	record.Drift = []harness.RecordDrift{
		{Node: "consul-1", Traits: 2210, Took: 61 * time.Millisecond, CPU: 38 * time.Millisecond},
		{
			Node: "nomad-1", Traits: 2231, Took: 74 * time.Millisecond, CPU: 41 * time.Millisecond,
			Explained: []harness.RecordDifference{
				{Kind: harness.KindAddress, Key: "eth0 fd00:d1::13/64", Before: "assigned", Because: follows},
				{Kind: harness.KindAddress, Key: "eth0 fd00:d2::13/64", After: "assigned", Because: follows},
				{
					Kind: harness.KindFile, Key: "/etc/nomad.d/nomad.hcl", Before: "file 0644 root:root 1180 bytes sha256:8f1d4c2b90aa7e31",
					After: "file 0644 root:root 1180 bytes sha256:11c09fd2be33a760", Because: "the runbook writes the new addresses into it",
				},
			},
			Unexplained: []harness.RecordDifference{
				{Kind: harness.KindProcess, Key: "root nomad monitor -log-level=debug", After: "1"},
				{Kind: harness.KindSetting, Key: "net.ipv4.ip_forward", Before: "1", After: "0"},
				{Kind: harness.KindCron, Key: "/etc/cron.d/backup: 0 3 * * * root backup", Before: "scheduled"},
			},
			UnexplainedMore: 4,
		},
		{
			Node: "nomad-2", Traits: 2229, Took: 66 * time.Millisecond, CPU: 40 * time.Millisecond,
			Explained: []harness.RecordDifference{{
				Kind: harness.KindAddress, Key: "eth0 fd00:d1::14/64", Before: "assigned",
				Because: follows,
			}},
		},
	}
	record.Mentions = []harness.RecordMention{
		{
			Node: "client-1", Where: "file", Key: "/usr/local/bin/backup", Line: 12,
			Text: "rsync -a /srv/ rsync://[fd00:d1::15]/backup/", Address: "fd00:d1::15",
		},
		{Where: "nomad job", Key: "canary", Line: 31, Text: `"Address": "fd00:d1::16"`, Address: "fd00:d1::16"},
		{
			Node: "nomad-1", Where: "socket", Key: "tcp closed a minute ago", Text: "[fd00:d1::13]:4647 to [fd00:d1::14]:50112",
			Address: "fd00:d1::13",
			Because: "the kernel keeps it for a minute",
		},
	}
	record.Findings = []string{
		"after the recovery nomad-1 differs from before the fault by 7 things that nobody planned",
		"after the recovery 2 places still name an old address, such as file /usr/local/bin/backup line 12 of client-1",
	}
	return record
}
