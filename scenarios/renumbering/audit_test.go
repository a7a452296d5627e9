package renumbering

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/consul"
	"github.com/reprise-dr/reprise/harness/nomad"
	"github.com/reprise-dr/reprise/scenarios/internal/suite"
)

// audit has a drill look for old addresses in everything that the products keep, besides what every node
// is searched for.
func audit(drill *suite.Drill) {
	GinkgoHelper()
	drill.AlsoSearch(
		consul.KVTexts(), consul.CatalogTexts(), nomad.JobTexts(),
		harness.Folders(consul.ServerRole, "/var/lib/consul"), harness.Folders(nomad.ServerRole, "/var/lib/nomad"), harness.Folders(nomad.ClientRole, "/var/lib/nomad"),
	)
	Expect(drill.Expect()).To(Succeed())
}
