package vrrp

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Loss is what one client was without after t0, and whose part it was.
type Loss struct {
	Client  string
	Outages int           // how often the way to the other side broke
	Down    time.Duration // how long it was broken, all outages together
	VRRP    time.Duration // the part of it without a gateway
	OSPF    time.Duration // the rest: there was a gateway, and no way on or no way back
}

// Lost adds up a client's outages: path is the probe of the far side by that client, gateway that of its
// shared address. An SLI that was not watched is an error: it would count as never down.
func Lost(record harness.Record, client string, path, gateway harness.Probe) (Loss, error) {
	far, known := sliNamed(record, path.Name())
	if !known {
		return Loss{}, fmt.Errorf("add up what %s lost: nobody watched %q", client, path.Name())
	}
	near, known := sliNamed(record, gateway.Name())
	if !known {
		return Loss{}, fmt.Errorf("add up what %s lost: nobody watched %q", client, gateway.Name())
	}
	window := afterFault(record)
	down := stretches(far, false, window)
	withoutGateway := total(common(down, stretches(near, false, window)))
	return Loss{
		Client: client, Outages: len(down), Down: total(down),
		VRRP: withoutGateway, OSPF: total(down) - withoutGateway,
	}, nil
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
	return fmt.Sprintf("%s was without for %.2f s in %s: %.2f s of VRRP's (no gateway), %.2f s of OSPF's (a gateway, and no way on or back)",
		l.Client, l.Down.Seconds(), times(l.Outages), l.VRRP.Seconds(), l.OSPF.Seconds())
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
	fmt.Fprintf(&table, "%-10s %8s %22s %22s %22s\n", "client", "outages", "down", "VRRP's part", "OSPF's part")
	fmt.Fprintf(&table, "%-10s %8s %22s %22s %22s\n", "predicted", "", predicted.Outage(), predicted.withoutGateway(), predicted.OSPF)
	for _, loss := range losses {
		fmt.Fprintf(&table, "%-10s %8d %20.2f s %20.2f s %20.2f s\n", loss.Client, loss.Outages, loss.Down.Seconds(), loss.VRRP.Seconds(), loss.OSPF.Seconds())
	}
	return table.String()
}

// withoutGateway is VRRP's part of the outage. A client that loses the way at once still has its gateway
// until VRRP acts.
func (p Prediction) withoutGateway() Range { return p.VRRP }

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
