package calibration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
	"github.com/reprise-dr/reprise/harness/lab"
	"github.com/reprise-dr/reprise/harness/probe"
)

// How many outages are measured: the value of an environment variable, or else the usual number.
const (
	OutagesVariable = "REPRISE_OUTAGES"
	DefaultOutages  = 1000
)

// period is that of the probes: the default of every drill, said here because figures depend on it.
const period = 20 * time.Millisecond

// A wireTruth is what the service says of its outages; see harness/agent/internal/outages.
type wireTruth struct {
	Ahead    time.Duration `json:"ahead_ns"`
	Services []struct {
		Name string `json:"name"`
		Cuts []struct {
			DownFrom agent.Instant `json:"down_from_ns"`
			DownTo   agent.Instant `json:"down_to_ns"`
			UpFrom   agent.Instant `json:"up_from_ns"`
			UpTo     agent.Instant `json:"up_to_ns"`
		} `json:"cuts"`
	} `json:"services"`
}

// truths places the outages on the record's clock, by service.
func (w wireTruth) truths(ruler *ruler) map[string][]truth {
	truths := map[string][]truth{}
	for _, service := range w.Services {
		for _, cut := range service.Cuts {
			truths[service.Name] = append(truths[service.Name], truth{
				service: service.Name,
				down:    edge{ruler.there(cut.DownFrom), ruler.there(cut.DownTo)},
				up:      edge{ruler.there(cut.UpFrom), ruler.there(cut.UpTo)},
			})
		}
	}
	return truths
}

// probes are those of an ordinary drill, one for each service.
func probes() []harness.Probe {
	var probes []harness.Probe
	for _, cuttable := range fixtures.Cuttables() {
		probes = append(probes, probe.NetworkProbe{Label: cuttable.Name, Every: period, Checks: probe.Fixed(cuttable.Check)})
	}
	return probes
}

// order speaks to the service's control port, from the node beside: the observer is being measured.
func order(ctx context.Context, cluster *lab.Lab, method, path string) (int, []byte, error) {
	node, _ := cluster.Topology().Node(fixtures.CalibrationService)
	url := "http://" + netip.AddrPortFrom(node.IPv6, fixtures.CalibrationControl).String() + path
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("order %s: %w", path, err)
	}
	response, err := harness.HTTPClient(cluster, fixtures.CalibrationShell).Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("order %s: %w", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("order %s: %w", path, err)
	}
	return response.StatusCode, body, nil
}

// begin starts the outages.
func begin(ctx context.Context, cluster *lab.Lab, seed int64, outages int) error {
	status, body, err := order(ctx, cluster, http.MethodPost, fmt.Sprintf("/begin?seed=%d&outages=%d", seed, outages))
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("begin the outages: the service says %d: %s", status, body)
	}
	return err
}

// waitForServices is for what listens to be there: the lab says only that the process has been started.
var waitForServices = harness.Wait{
	For: "the services that will be cut off", Interval: 100 * time.Millisecond,
	Limit: 30 * time.Second,
}

// waitForEnd returns the truth when the outages are over. The longest one and the longest gap make up
// the limit.
func waitForEnd(ctx context.Context, cluster *lab.Lab, outages int) (wireTruth, error) {
	var told wireTruth
	var refusal error // the answer is there, and it is no truth
	wait := harness.Wait{For: "the end of the outages", Interval: time.Second, Limit: time.Minute +
		time.Duration(outages)*15*time.Second}
	err := wait.Until(ctx, func(ctx context.Context) error {
		status, body, err := order(ctx, cluster, http.MethodGet, "/truth")
		switch {
		case err != nil:
			return err
		case status == http.StatusConflict:
			return errors.New("they go on")
		case status != http.StatusOK:
			refusal = fmt.Errorf("the service says %d: %s", status, body)
		default:
			refusal = json.Unmarshal(body, &told)
		}
		return nil
	})
	return told, errors.Join(err, refusal)
}
