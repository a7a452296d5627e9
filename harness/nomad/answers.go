package nomad

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Answers claims that the service answers over HTTP, across the network, at the present IPv6
// address of a Nomad client: the view of a user who always knows where to look. It is asked every
// 200 ms.
func Answers(service string, port uint16) harness.Probe {
	return answers{service: service, port: port}
}

// AnswersPinned claims that the service answers at the IPv6 address a Nomad client had in peace
// time: the view of a user who wrote the address down. It is asked every 200 ms.
func AnswersPinned(service string, port uint16) harness.Probe {
	return answers{service: service, port: port, pinned: true}
}

type answers struct {
	service string
	port    uint16
	pinned  bool
}

func (a answers) Name() string {
	if a.pinned {
		return a.service + " answers at its old address"
	}
	return a.service + " answers"
}

func (a answers) Period() time.Duration { return answerPeriod }

func (a answers) Check(ctx context.Context, observer harness.Observer) error {
	clients := observer.Topology().Selected(ClientRole)
	if len(clients) == 0 {
		return fmt.Errorf("the topology has no node of role %s", ClientRole)
	}
	var last error
	for _, client := range clients {
		address := client.IPv6
		if !a.pinned {
			now, err := observer.Addresses(client.Name)
			if err != nil {
				return fmt.Errorf("look up the addresses of %s: %w", client.Name, err)
			}
			address = now.IPv6
		}
		if last = get(ctx, observer, netip.AddrPortFrom(address, a.port)); last == nil {
			return nil
		}
		last = fmt.Errorf("%s at %s: %w", client.Name, address, last)
	}
	return last
}

// get asks the canary once and checks that it was the canary that answered.
func get(ctx context.Context, observer harness.Observer, at netip.AddrPort) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.String()+"/", nil)
	if err != nil {
		return err
	}
	response, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
	if err != nil {
		return harness.Plain(err)
	}
	defer response.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	var process struct {
		PID int `json:"pid"`
	}
	if err := json.NewDecoder(response.Body).Decode(&process); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if process.PID == 0 {
		return fmt.Errorf("answered without a process id: not the canary")
	}
	return nil
}
