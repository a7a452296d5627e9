package conduct

import (
	"io"

	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/suite/contract"
)

// redacting is a test that is told nothing of the secrets of its labs.
type redacting struct{ Test }

// withoutSecrets makes a test one that is told no secrets.
func withoutSecrets(test Test) Test {
	if already, is := test.(redacting); is {
		return already
	}
	return redacting{test}
}

// Step says what begins.
func (r redacting) Step(text string) {
	r.Helper()
	r.Test.Step(redact.Text(text))
}

// Output is for whoever looks on.
func (r redacting) Output() io.Writer { return redact.Writer(r.Test.Output()) }

// Pass ends the test as passed.
func (r redacting) Pass(message string) {
	r.Helper()
	r.Test.Pass(redact.Text(message))
}

// Fail ends the test as failed.
func (r redacting) Fail(message string) {
	r.Helper()
	r.Test.Fail(redact.Text(message))
}

// Skip ends the test as skipped.
func (r redacting) Skip(message string) {
	r.Helper()
	r.Test.Skip(redact.Text(message))
}

// Ended takes how a control arm has ended.
func (r redacting) Ended(end contract.Ending) {
	end.Reason = redact.Text(end.Reason)
	r.Test.Ended(end)
}
