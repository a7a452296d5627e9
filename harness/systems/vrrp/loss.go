package vrrp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/intervals"
	"github.com/reprise-dr/reprise/harness/probe"
)

// A Loss is what one client was without after t0, and whose part it was. The three parts add up to Down.
type Loss struct {
	Client    string
	Outages   int           // how often the way to the other side broke
	Down      time.Duration // how long it was broken, all outages together
	Unnoticed time.Duration // the part of it in which VRRP had done nothing yet, and the gateway answered
	VRRP      time.Duration // the part without a gateway
	OSPF      time.Duration // the rest: there was a new gateway, and no way on or no way back
}

// Lost adds up a client's outages: path is the probe of the far side by that client, gateway that of its
// shared address. VRRP acts for the first time when the pair's first router is seen to gain or lose what it
// shares. An SLI that was not watched is an error: it would count as never down.
func (p Pair) Lost(record harness.Record, client string, path, gateway harness.Probe) (Loss, error) {
	far, known := intervals.Named(record, path.Name())
	near, alsoKnown := intervals.Named(record, gateway.Name())
	if !known || !alsoKnown {
		return Loss{}, fmt.Errorf("add up what %s lost: nobody watched %q and %q", client, path.Name(), gateway.Name())
	}
	window := intervals.AfterFault(record)
	down := intervals.Of(far, false, window)
	withoutGateway := intervals.Common(down, intervals.Of(near, false, window))
	loss := Loss{Client: client, Outages: len(down), Down: intervals.Total(down), VRRP: intervals.Total(withoutGateway)}
	before := []intervals.Stretch{{From: window.From, To: p.firstMove(record, window)}}
	loss.Unnoticed = intervals.Total(intervals.Common(down, before)) - intervals.Total(intervals.Common(withoutGateway, before))
	loss.OSPF = loss.Down - loss.VRRP - loss.Unnoticed
	return loss, nil
}

// firstMove is when the first or the second router gained or lost a shared address for the first time in a
// window; its end when neither did.
func (p Pair) firstMove(record harness.Record, window intervals.Stretch) time.Duration {
	moved := window.To
	for _, address := range p.Shared {
		for _, router := range p.Both() {
			sli, known := intervals.Named(record, probe.Holds(router, address).Name())
			if !known {
				continue
			}
			for _, interval := range sli.Intervals[min(1, len(sli.Intervals)):] {
				if at := interval.Begins(); at >= window.From {
					moved = min(moved, at)
				}
			}
		}
	}
	return moved
}

// Worst is the loss of the client that was without for longest.
func Worst(losses []Loss) Loss {
	if len(losses) == 0 {
		return Loss{}
	}
	return slices.MaxFunc(losses, func(a, b Loss) int { return cmp.Compare(a.Down, b.Down) })
}

// String is the loss as a sentence.
func (l Loss) String() string {
	if l.Outages == 0 {
		return l.Client + " lost nothing"
	}
	return fmt.Sprintf("%s was without for %.2f s in %s: %.2f s until VRRP acted, %.2f s of VRRP's (no gateway), %.2f s of "+
		"OSPF's (a new gateway, and no way on or back)",
		l.Client, l.Down.Seconds(), times(l.Outages), l.Unnoticed.Seconds(), l.VRRP.Seconds(), l.OSPF.Seconds())
}

func times(count int) string {
	if count == 1 {
		return "one outage"
	}
	return fmt.Sprintf("%d outages", count)
}

// LossTable writes losses, a line each, below the prediction.
func LossTable(predicted Prediction, losses []Loss) string {
	var table strings.Builder
	line := func(cells ...any) { fmt.Fprintf(&table, "%-10s %8v %18v %18v %18v %18v\n", cells...) }
	figure := func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
	unnoticed := predicted.Notice
	if predicted.Served {
		unnoticed = Range{}
	}
	line("client", "outages", "down", "until VRRP acted", "VRRP's part", "OSPF's part")
	line("predicted", "", predicted.Outage(), unnoticed, predicted.VRRP, predicted.OSPF)
	for _, loss := range losses {
		line(loss.Client, loss.Outages, figure(loss.Down), figure(loss.Unnoticed), figure(loss.VRRP), figure(loss.OSPF))
	}
	return table.String()
}

// Compare says how the worst loss lies to the prediction, in one sentence.
func (p Prediction) Compare(worst Loss) string {
	outage := p.Outage()
	text := fmt.Sprintf("predicted from the settings: %s; measured: %.2f s", p, worst.Down.Seconds())
	switch {
	case outage.Contains(worst.Down):
		return text + ", as predicted"
	case worst.Down < outage.Least:
		return text + fmt.Sprintf(", %.2f s less than predicted", (outage.Least-worst.Down).Seconds())
	}
	return text + fmt.Sprintf(", %.2f s more than predicted", (worst.Down-outage.Most).Seconds())
}
