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
)

// loggedPeriod is how often a request is looked for in the log: the whole of it is read each time.
const loggedPeriod = time.Second

// Logged claims that requests for files of the folder are in the log of the node, once a second. It asks for a
// file that is not there, which a client is told in any case, and then looks for that request. Give
// the folder a log of its own: the whole file is read.
func Logged(folder Folder, node, log string) harness.Probe { return logged{folder, node, log} }

type logged struct {
	folder    Folder
	node, log string
}

func (l logged) Name() string        { return fmt.Sprintf("requests are in %s of %s", l.log, l.node) }
func (logged) Period() time.Duration { return loggedPeriod }

func (l logged) Check(ctx context.Context, observer harness.Observer) error {
	name := "not-there-" + rand.Text()
	client := harness.HTTPClient(observer, harness.VantageObserver)
	err := l.folder.site().Ask(ctx, client, httpapi.Request{Method: http.MethodGet, Path: l.folder.Path + name}, nil)
	answer, answered := errors.AsType[*httpapi.AnswerError](err)
	if !answered || answer.Status != http.StatusNotFound {
		return fmt.Errorf("a file that is not there should be answered with 404: %w", err)
	}
	text, err := observer.ReadFile(ctx, l.node, l.log)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(name)) {
		return fmt.Errorf("the last request is not in %s", l.log)
	}
	return nil
}
