package vrrp

import (
	"fmt"
	"time"
)

// A Range is what a time lies between.
type Range struct{ Least, Most time.Duration }

// plus adds two ranges.
func (r Range) plus(other Range) Range { return Range{r.Least + other.Least, r.Most + other.Most} }

// Contains tells whether a time lies in the range.
func (r Range) Contains(d time.Duration) bool { return d >= r.Least && d <= r.Most }

// String writes the range in seconds.
func (r Range) String() string {
	if r.Least == r.Most {
		return fmt.Sprintf("%.2f s", r.Least.Seconds())
	}
	return fmt.Sprintf("%.2f to %.2f s", r.Least.Seconds(), r.Most.Seconds())
}

// A Prediction is what the settings alone say of one event, for a client: nothing of processors, packets or
// programs is in it but promptness, the time that they are given to act.
type Prediction struct {
	Event string
	// Notice is the time from the event until VRRP begins to act. Clients are served meanwhile if Served.
	Notice Range
	Served bool
	VRRP   Range // how long they have no gateway then
	OSPF   Range // how long the gateway knows no way on, or nobody the way back, after that
}

// Outage is how long clients are without the service.
func (p Prediction) Outage() Range {
	outage := p.VRRP.plus(p.OSPF)
	if !p.Served {
		outage = outage.plus(p.Notice)
	}
	return outage
}

// String is the sum as a sentence.
func (p Prediction) String() string {
	noticed := "unnoticed by clients for"
	if !p.Served {
		noticed = "noticed by clients at once and by the routers after"
	}
	return fmt.Sprintf("%s: %s %s; then VRRP %s and OSPF %s; outage %s", p.Event, noticed, p.Notice, p.VRRP, p.OSPF, p.Outage())
}

// promptness is what programs take that have nothing to wait for: a check, a script that starts a daemon, an
// exchange of databases between neighbours, a calculation of routes. On two busy processors it was seen to
// come to most of a second.
const promptness = time.Second

// skew is by how much longer than three advertisements a backup waits, the more the lower its priority.
func (s Settings) skew(priority int) time.Duration {
	return s.Advertisement * time.Duration(256-priority) / 256
}

// checks is how long the check script takes to make up its mind: the event falls somewhere between two checks.
func (s Settings) checks(count int) Range {
	return Range{time.Duration(count-1) * s.Check, time.Duration(count)*s.Check + promptness}
}

// orderly is the time without a gateway when a master says that it goes: its backup waits for its skew.
func (s Settings) orderly() Range {
	return Range{s.skew(s.Second), s.skew(s.Second) + promptness/4}
}

// silence is how long a backup waits that hears nothing any more: three advertisements and its skew, from the
// last one that it heard.
func (s Settings) silence(priority int) Range {
	return Range{2*s.Advertisement + s.skew(priority), 3*s.Advertisement + s.skew(priority) + promptness/4}
}

// ospf is how long it takes from the start of the daemon until packets go both ways. A daemon on a network
// with a designated router waits for as long as it would wait for a dead one before it speaks to anybody: FRR
// announces nothing, so that the neighbours still name the router of before. Without one it takes two hellos,
// and one in each direction on the old one's side.
func (s Settings) ospf() Range {
	wait := Range{0, 2 * s.Hello}
	if s.Elects {
		wait = Range{s.Dead - s.Hello, s.Dead + s.Hello}
	}
	slow := s.Retransmit + s.Batch
	if s.Batch == 0 {
		slow = s.Retransmit
	}
	return wait.plus(Range{0, promptness + slow})
}

// HandOver is the planned one: the file is removed, the first router steps down.
func (s Settings) HandOver() Prediction {
	return Prediction{Event: "hand-over", Notice: s.checks(s.Fall), Served: true, VRRP: s.orderly(), OSPF: s.ospf()}
}

// TakeBack is the return of the first router: its check passes again, or its first one does after a boot. The
// other is master until it hears a higher priority, so that no gateway is missed.
func (s Settings) TakeBack(booted bool) Prediction {
	notice := s.checks(s.Rise)
	if booted {
		notice = Range{0, 2 * promptness}
	}
	return Prediction{
		Event: "return of the first router", Notice: notice.plus(s.silence(s.First)), Served: true,
		VRRP: Range{0, promptness / 4}, OSPF: s.ospf(),
	}
}

// Silence is the loss of the first router without a word. OSPF's neighbour has its own time to notice, which
// passes meanwhile, but for what it is longer.
func (s Settings) Silence() Prediction {
	ospf := s.ospf()
	if dead := s.lostNeighbour() - s.silence(s.Second).Least; dead > ospf.Most {
		ospf.Most = dead + promptness
	}
	return Prediction{Event: "loss in silence", Served: false, VRRP: s.silence(s.Second), OSPF: ospf}
}

// Killed is the death of everything that runs on the first router, while its kernel lives on: it forwards as
// before until the other router takes the shared addresses from it, by the same silence as [Settings.Silence].
func (s Settings) Killed() Prediction {
	return Prediction{
		Event: "loss of all processes", Notice: s.silence(s.Second), Served: true,
		VRRP: Range{0, promptness / 4}, OSPF: s.ospf(),
	}
}

// lostNeighbour is how long OSPF goes by way of a neighbour that is gone.
func (s Settings) lostNeighbour() time.Duration {
	if s.BFD > 0 {
		return s.BFD
	}
	return s.Dead
}

// DaemonKilled is the death of the first router's routing daemon: its routes go with it, at once.
func (s Settings) DaemonKilled() Prediction {
	return Prediction{Event: "routing daemon killed", Notice: s.checks(s.Fall), Served: false, VRRP: s.orderly(), OSPF: s.ospf()}
}

// DaemonHung is a routing daemon that says nothing any more. Its neighbour gives it up after a while; a check
// that waits for its answer is given up after another interval.
func (s Settings) DaemonHung() Prediction {
	notice := s.checks(s.Fall).plus(Range{s.Check, s.Check})
	lost := s.lostNeighbour()
	return Prediction{
		Event: "routing daemon hung", Notice: Range{max(0, notice.Least-lost), max(0, notice.Most-lost+s.Hello)}, Served: false,
		VRRP: s.orderly(), OSPF: s.ospf(),
	}
}

// RestartOfMaster is a restart of keepalived on the master: it hands over, and takes back as soon as it may.
// Where OSPF is slower than that, the first start of it has not come to its end when the second one begins.
func (s Settings) RestartOfMaster() Prediction {
	back, ospf := s.silence(s.First).plus(Range{0, promptness}), s.ospf()
	twice := Range{ospf.Least, 2 * ospf.Most}
	if ospf.Least > back.Least {
		twice = back.plus(ospf)
	}
	return Prediction{Event: "restart of keepalived on the master", Served: true, VRRP: s.orderly(), OSPF: twice}
}
