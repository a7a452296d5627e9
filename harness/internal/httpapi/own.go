package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/reprise-dr/reprise/harness"
)

// ownAnswerLimit bounds an answer that is read: what a product says of itself has some kilobytes.
const ownAnswerLimit = 1 << 20

// AskOwn sends a request from a node to itself, as to an API that listens on the loopback alone, over a connection of its own,
// and reads the answer. One with a status that is not 200 is an [AnswerError].
func AskOwn(ctx context.Context, observer harness.Observer, node string, request *http.Request) ([]byte, error) {
	response, err := harness.HTTPClient(observer, node).Do(request.WithContext(ctx))
	if err != nil {
		return nil, harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	body, err := io.ReadAll(io.LimitReader(response.Body, ownAnswerLimit))
	if response.StatusCode != http.StatusOK {
		return nil, &AnswerError{Status: response.StatusCode}
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", harness.Plain(err))
	}
	return body, nil
}
