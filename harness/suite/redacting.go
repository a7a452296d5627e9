package suite

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/reprise-dr/reprise/harness/internal/redact"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

// failWithoutSecrets fails the spec with a message of Gomega's, which shows values whole.
func failWithoutSecrets(message string, skip ...int) {
	ginkgo.GinkgoHelper()
	above := 1
	if len(skip) > 0 {
		above += skip[0]
	}
	ginkgo.Fail(shown(message), above)
}

// runnersCommand is where GitHub's runner takes what is printed for a command: at the beginning of a line, and in the old way
// anywhere in it.
var runnersCommand = regexp.MustCompile(`(^|\n)[\s\p{Z}]*::|##\[`)

// shown is a text as it can be printed: without secrets, without what a terminal would obey, and where GitHub's runner reads
// along, without what products could have it do by what they print, such as ::error:: or ::add-mask::.
func shown(text string) string {
	text = redact.Text(text)
	columns := strings.Split(text, "\t")
	for i, column := range columns {
		columns[i] = words.EscapedLines(column)
	}
	text = strings.Join(columns, "\t")
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return text
	}
	return runnersCommand.ReplaceAllStringFunc(text, func(command string) string {
		last := len(command) - 1
		return command[:last] + " " + command[last:]
	})
}

// writesNoSecrets strikes the secrets out of whatever specs write for who looks on, and out of what they panic with.
func writesNoSecrets() types.AroundNodeDecorator {
	replace := sync.OnceFunc(func() { // the runner takes its own writer when it starts
		ginkgo.GinkgoWriter = redactingWriter{ginkgo.GinkgoWriter}
	})
	return ginkgo.AroundNode(func(ctx context.Context, body func(context.Context)) {
		replace()
		defer func() {
			if problem := recover(); problem != nil {
				panic(withoutSecrets(problem))
			}
		}()
		body(ctx)
	})
}

// withoutSecrets is what a spec panicked with, or its text where that cannot be shown as it is.
func withoutSecrets(problem any) any {
	text := fmt.Sprint(problem)
	if safe := shown(text); safe != text {
		return safe
	}
	return problem
}

// redactingWriter is the runner's writer without secrets in what is written to it.
type redactingWriter struct{ ginkgo.GinkgoWriterInterface }

func (w redactingWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.GinkgoWriterInterface, shown(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (w redactingWriter) Print(values ...any) { fmt.Fprint(w, values...) }

func (w redactingWriter) Printf(format string, values ...any) { fmt.Fprintf(w, format, values...) }

func (w redactingWriter) Println(values ...any) { fmt.Fprintln(w, values...) }
