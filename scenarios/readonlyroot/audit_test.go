package readonlyroot

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/suite"
)

// fingerprint is taken of the server while there is something to take it of.
func fingerprint(ctx context.Context, drill *suite.Drill) harness.Fingerprint {
	GinkgoHelper()
	By("taking a fingerprint of the server, while there is something to take it of")
	taken, err := drill.Lab.Fingerprint(ctx, fixtures.ServerOld, pages)
	Expect(err).NotTo(HaveOccurred())
	return taken
}

// pages are what the site serves; the uploads beside them are data, of which the ledger knows.
const pages = "/var/www/html"

// planned is what may tell the new server from the old one.
func planned() []drift.Planned { return drift.AnotherMachine(fixtures.ServerNew) }

// asItWas claims that the server that serves is what the old one was: full service is not back before.
func asItWas(before harness.Fingerprint) harness.Probe {
	return probe.Func{
		Label: "the server is what it was", Every: 2 * time.Second,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			status, err := observer.Status(ctx, fixtures.ServerOld)
			if err != nil {
				return err
			}
			if status.Running {
				return drift.NoDrift(before, fixtures.ServerOld).Check(ctx, observer)
			}
			return drift.NoDrift(before, fixtures.ServerNew, planned()...).Check(ctx, observer)
		},
	}
}

// An audit compares the new server with what the old one was, after the playbooks, and then does again by hand
// what is lacking.
type audit struct {
	before  harness.Fingerprint
	lacking []harness.Difference
}

func (*audit) Name() string { return "find what the playbooks do not know" }

func (a *audit) Steps() []harness.Step {
	return []harness.Step{
		{Name: "wait until everything that is lacking was missed", Declared: complaints},
		{Name: "compare the server with the one that died", Do: a.compare},
		{Name: "do again by hand what is lacking", Do: func(ctx context.Context, operator harness.Operator) error {
			_, err := operator.Exec(ctx, fixtures.ServerNew, fixtures.ServerByHand)
			return err
		}},
	}
}

func (a *audit) compare(ctx context.Context, operator harness.Operator) error {
	now, err := operator.Fingerprint(ctx, fixtures.ServerNew, a.before.Paths...)
	if err != nil {
		return err
	}
	_, a.lacking = drift.Explain(drift.Compare(a.before, now), planned())
	return nil
}

// tell keeps what was lacking with the record.
func (a *audit) tell(drill *suite.Drill) {
	for _, difference := range a.lacking {
		drill.Finding("the playbooks do not know: " + difference.String())
	}
}

// changedByHand matches what was done by hand, as the audit should find it.
func changedByHand() []any {
	var found []any
	for _, key := range []string{
		pages + "/campaign.html", "/etc/nginx/sites-enabled/partner", "/etc/cron.d/newsletter", "carol",
		"/etc/postgresql/15/shop/conf.d/memory.conf", "/etc/cron.d/backup",
		fmt.Sprintf("tcp 0.0.0.0:%d", fixtures.ServerPartnerPort), "nft inet shop input: meta l4proto = 6 dport = 5433 reject(1=1)",
	} {
		found = append(found, withKey(key))
	}
	return found
}

func withKey(key string) types.GomegaMatcher {
	return WithTransform(func(difference harness.Difference) string { return difference.Key }, Equal(key))
}
