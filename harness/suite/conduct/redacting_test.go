package conduct

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// A listener is a test that keeps what it is told.
type listener struct {
	Test
	told strings.Builder
}

func (*listener) Helper()                     {}
func (l *listener) Step(text string)          { l.told.WriteString(text) }
func (l *listener) Output() io.Writer         { return &l.told }
func (l *listener) Pass(message string)       { l.told.WriteString(message) }
func (l *listener) Fail(message string)       { l.told.WriteString(message) }
func (l *listener) Skip(message string)       { l.told.WriteString(message) }
func (l *listener) Ended(end contract.Ending) { l.told.WriteString(end.Reason) }

// Goal: a test is told no secret, in whatever way. Method: tell it one in every way.
func TestATestIsToldNoSecrets(t *testing.T) {
	secret := harness.NewSecret("admin")
	redact.Keep([]harness.Secret{secret})
	to := &listener{}
	test := withoutSecrets(withoutSecrets(to))
	for _, tell := range []func(string){
		test.Step, test.Pass, test.Fail, test.Skip,
		func(text string) { fmt.Fprint(test.Output(), text) },
		func(text string) { test.Ended(contract.Ending{Reason: text}) },
	} {
		tell("<" + secret.Value + ">")
	}
	if want := strings.Repeat("<[secret: admin]>", 6); to.told.String() != want {
		t.Errorf("it was told %s", to.told.String())
	}
}
