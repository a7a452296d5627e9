package vrrp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// A Stall is a time in which a daemon wanted to act and could not: it did not get the processor, or was
// stopped. VRRP and OSPF take silence for death, so that a machine that starves one makes a split brain that
// no network would have made.
type Stall struct {
	Router string
	Length time.Duration
	Says   string // the daemon's own words, or the agent's
}

// overdue is how keepalived tells that a timer went off late, with the lateness in seconds.
var overdue = regexp.MustCompile(`A thread timer expired (\d+\.\d+) seconds ago`)

// starved is how FRR tells the same, without a figure but its threshold, and of work that took too long.
var starved = regexp.MustCompile(`Thread Starvation: .*scheduled to pop greater than (\d+)s ago|(?:CPU HOG|STARVATION): task .* ran for (\d+)ms`)

// ospfdLog is where the routing daemon writes what it has to say.
const ospfdLog = "/run/frr/ospfd.log"

// Starved finds what held the pair's daemons up since the steady state was proved: what they say themselves, and
// what the agents beside them met.
func (p Pair) Starved(ctx context.Context, lab harness.Lab, settings Settings, record harness.Record) ([]Stall, error) {
	since := record.Started.Add(record.SteadyAt)
	stalls, err := p.Stalls(ctx, lab, settings, since)
	return append(stalls, p.Interrupted(lab.Interruptions(), settings, since)...), err
}

// Stalls finds what held the pair's daemons up since a moment: what keepalived and FRR say themselves. Those
// that are shorter than what the settings tolerate are left out: see [Settings.Tolerates].
func (p Pair) Stalls(ctx context.Context, observer harness.Observer, settings Settings, since time.Time) ([]Stall, error) {
	var stalls []Stall
	for _, router := range p.Both() {
		lines, err := observer.Log(ctx, router, since)
		if err != nil {
			return nil, fmt.Errorf("read the log of %s: %w", router, err)
		}
		var texts []string
		for _, line := range lines {
			texts = append(texts, line.Text)
		}
		said, err := observer.ReadFile(ctx, router, ospfdLog)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read what ospfd of %s says: %w", router, err)
		}
		stalls = append(stalls, stallsIn(router, append(texts, linesSince(string(said), since)...), settings.Tolerates())...)
	}
	return stalls, nil
}

// ospfdTime is how FRR writes the time at the beginning of a line, in the machine's time zone, which is UTC.
const ospfdTime = "2006/01/02 15:04:05"

// linesSince are those lines of ospfd's that were not written before a moment. One whose time cannot be read
// is among them.
func linesSince(text string, since time.Time) []string {
	var lines []string
	for line := range strings.Lines(text) {
		stamp := line[:min(len(line), len(ospfdTime))]
		if at, err := time.Parse(ospfdTime, stamp); err == nil && at.Add(time.Second).Before(since) {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// stallsIn finds the lines that tell of a stall longer than what is tolerated.
func stallsIn(router string, lines []string, tolerated time.Duration) []Stall {
	var stalls []Stall
	for _, line := range lines {
		stall := Stall{Router: router, Says: strings.TrimSpace(line)}
		if found := overdue.FindStringSubmatch(line); found != nil {
			stall.Length = parsed(found[1], time.Second)
		} else if found := starved.FindStringSubmatch(line); found != nil {
			stall.Length = max(parsed(found[1], time.Second), parsed(found[2], time.Millisecond))
		}
		if stall.Length > tolerated {
			stalls = append(stalls, stall)
		}
	}
	return stalls
}

func parsed(number string, unit time.Duration) time.Duration {
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0 // the other way of saying it
	}
	return time.Duration(value * float64(unit))
}

// Tolerates is the longest stall that nobody can take for a death: two advertisements late the third still comes
// in time, and so does a hello before the neighbour is given up, or the last of BFD's three packets.
func (s Settings) Tolerates() time.Duration {
	tolerated := min(2*s.Advertisement, s.Dead-s.Hello)
	if s.BFD > 0 {
		tolerated = min(tolerated, s.BFD*2/3)
	}
	return tolerated
}

// String says who was held up and for how long.
func (s Stall) String() string {
	return fmt.Sprintf("%s was held up for %.2f s: %s", s.Router, s.Length.Seconds(), s.Says)
}

// Interrupted are those of the lab's interruptions that a router suffered since a moment and that were longer
// than the settings tolerate: the agent beside a daemon gets the processor no later than the daemon does.
func (p Pair) Interrupted(interruptions []harness.Interruption, settings Settings, since time.Time) []Stall {
	var stalls []Stall
	for _, interruption := range interruptions {
		for _, router := range p.Both() {
			ofRouter := strings.HasPrefix(interruption.Reason, "agent of "+router+":")
			if ofRouter && interruption.Length > settings.Tolerates() && interruption.From.Add(interruption.Length).After(since) {
				stalls = append(stalls, Stall{Router: router, Length: interruption.Length, Says: interruption.Reason})
			}
		}
	}
	return stalls
}
