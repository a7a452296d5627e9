package drift_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// A server was built anew. What tells it from the old one is planned, or a surprise.
func Example() {
	before := harness.Fingerprint{Node: "web-1", Traits: []harness.Trait{
		{Kind: harness.KindFile, Key: "/etc/cron.d/backup", Value: "0 3 * * * root backup"},
		{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_ed25519_key", Value: "the old one"},
	}}
	after := harness.Fingerprint{Node: "web-1", Traits: []harness.Trait{
		{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_ed25519_key", Value: "a new one"},
	}}
	planned := []drift.Planned{{Kind: harness.KindFile, Key: "/etc/ssh/ssh_host_*", Because: "a new machine has new host keys"}}

	explained, surprises := drift.Explain(drift.Compare(before, after), planned)
	for _, difference := range explained {
		fmt.Println("planned:", difference.Key, "because", difference.Because)
	}
	for _, difference := range surprises {
		fmt.Println("surprise:", difference)
	}
	// Output:
	// planned: /etc/ssh/ssh_host_ed25519_key because a new machine has new host keys
	// surprise: file /etc/cron.d/backup is gone: 0 3 * * * root backup
}
