package drift

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// noDriftPeriod is how often the claim of [NoDrift] is asked. A fingerprint costs tens of milliseconds
// of a processor, of which a node in peace should not lose 2 %.
const noDriftPeriod = 2 * time.Second

// driftShown is how many differences the probe's error names.
const driftShown = 3

// NoDrift claims that a node differs from a fingerprint by nothing but what is planned. It looks at the
// same paths, every 2 s. The node may be another one than that of the fingerprint, such as the server
// that was built in its place: [AnotherMachine] plans what differs then. Its error names the first
// differences and how many there are; a plan that makes no sense is an error at every look.
func NoDrift(before harness.Fingerprint, node string, planned ...Planned) harness.Probe {
	return noDrift{before: before, node: node, planned: planned, invalid: ValidatePlanned(planned)}
}

type noDrift struct {
	before  harness.Fingerprint
	node    string
	planned []Planned
	invalid error
}

func (n noDrift) Name() string {
	if n.node == n.before.Node {
		return n.node + " is what it was"
	}
	return n.node + " is what " + n.before.Node + " was"
}

func (n noDrift) Period() time.Duration { return noDriftPeriod }

func (n noDrift) Check(ctx context.Context, observer harness.Observer) error {
	if n.invalid != nil {
		return n.invalid
	}
	now, err := observer.Fingerprint(ctx, n.node, n.before.Paths...)
	if err != nil {
		return err
	}
	_, unexplained := Explain(Compare(n.before, now), n.planned)
	return differencesError(unexplained)
}

// differencesError names the first differences; it is nil when there is none.
func differencesError(differences []harness.Difference) error {
	if len(differences) == 0 {
		return nil
	}
	var texts []string
	for _, difference := range differences[:min(driftShown, len(differences))] {
		texts = append(texts, difference.String())
	}
	text := strings.Join(texts, "; ")
	if more := len(differences) - len(texts); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return errors.New(words.Counted(len(differences), "unexplained difference") + ": " + text)
}
