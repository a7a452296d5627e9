//go:build bench

package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/systems/vrrp"
)

// Goal: each setting stands against what clients lost, the prediction beside it; a setting whose router was
// starved in all turns says so. Method: a report by hand.
func TestFailoverTable(t *testing.T) {
	event := outages{event: failoverEvents()[0], predicted: vrrp.Prediction{
		Served: true,
		OSPF:   vrrp.Range{Least: 4 * time.Second, Most: 7 * time.Second},
	}}
	measured := event
	measured.worst, measured.gateway = milliseconds(5100, 5300, 5200), milliseconds(600, 610, 620)
	report := newReport(time.Now())
	group := failoverGroup + event.event.name
	report.add(measured.figures(group, "as they had it")...)
	report.add(event.figures(group, "starved")...)
	table := report.FailoverTable()
	testkit.Contains(t, "the table", table,
		"| as they had it | handed over | 4.00 to 7.00 s | 3 | 5.2 s | 5.3 s | 5.3 s | 610 ms |\n",
		"| starved | handed over |  | 0 | not told |  |  |  |\n")
}

// Goal: the events undo each other, so that a turn ends as it began. Method: who is master after each.
func TestFailoverEventsComeInPairs(t *testing.T) {
	site := vrrp.Site{Pair: vrrp.Pair{First: "first", Second: "second"}}
	var masters []string
	for _, event := range failoverEvents() {
		masters = append(masters, event.after(site))
	}
	if got := strings.Join(masters, " "); got != "second first second first" {
		t.Errorf("master after each event: %s", got)
	}
}
