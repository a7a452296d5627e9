package calibration

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
)

// An eventually waits with Gomega for the site to be away, then for it to be back, and so on.
type eventually struct {
	observer harness.Observer
	name     string
	polling  time.Duration
	limit    time.Duration // of one Eventually, which is then called again
}

func (e eventually) method() string { return e.name }

func (e eventually) watch(ctx context.Context, stop <-chan struct{}, site fixtures.Cuttable) ([]stamped, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	var outages []stamped
	for e.until(ctx, site, true, nil) {
		var asked time.Time
		if !e.until(ctx, site, false, &asked) {
			break
		}
		lost := time.Now()
		if !e.until(ctx, site, true, nil) {
			break
		}
		outages = append(outages, stamped{asked: moment{here: asked}, lost: moment{here: lost}, back: moment{here: time.Now()}})
	}
	return outages, nil
}

// until waits for the site to be up, or away; false means that the context has ended. Asked is when
// the last question was.
func (e eventually) until(ctx context.Context, site fixtures.Cuttable, up bool, asked *time.Time) bool {
	// A wait that has run out fails nothing: it is begun again.
	g := gomega.NewGomega(func(string, ...int) {})
	ask := func() error {
		if asked != nil {
			*asked = time.Now()
		}
		limited, cancel := context.WithTimeout(ctx, clientLimit)
		defer cancel()
		return get(limited, e.observer, url(site))
	}
	for ctx.Err() == nil {
		assertion := g.Eventually(ask).WithContext(ctx).WithPolling(e.polling).WithTimeout(e.limit)
		if up && assertion.Should(gomega.Succeed()) || !up && assertion.ShouldNot(gomega.Succeed()) {
			return ctx.Err() == nil
		}
	}
	return false
}

// get asks a site from beside the service.
func get(ctx context.Context, observer harness.Observer, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := harness.HTTPClient(observer, fixtures.CalibrationShell).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the site says %s", response.Status)
	}
	return nil
}
