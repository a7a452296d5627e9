package nginx

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/httpapi"
	"github.com/reprise-dr/reprise/harness/probe"
)

// loggedPeriod is how often a request is looked for in the log: the whole of it is read each time.
const loggedPeriod = time.Second

// Logged claims that requests for files of the folder are in the log of the node, once a second. It asks for a
// file that is not there, which a client is told in any case, and then looks for that request. Give
// the folder a log of its own: the whole file is read.
func Logged(folder Folder, node, log string) harness.Probe {
	return probe.Func{
		Label: fmt.Sprintf("requests are in %s of %s", log, node), Every: loggedPeriod,
		Ask: func(ctx context.Context, observer harness.Observer) error {
			name := "not-there-" + rand.Text()
			client := harness.HTTPClient(observer, harness.VantageObserver)
			err := folder.site().Ask(ctx, client, httpapi.Request{Method: http.MethodGet, Path: folder.Path + name}, nil)
			answer, answered := errors.AsType[*httpapi.AnswerError](err)
			if !answered || answer.Status != http.StatusNotFound {
				return fmt.Errorf("a file that is not there should be answered with 404: %w", err)
			}
			text, err := observer.ReadFile(ctx, node, log)
			if err != nil {
				return err
			}
			if !bytes.Contains(text, []byte(name)) {
				return fmt.Errorf("the last request is not in %s", log)
			}
			return nil
		},
	}
}
