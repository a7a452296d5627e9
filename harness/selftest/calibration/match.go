package calibration

import "time"

// A pair is an outage and what was measured of it.
type pair struct {
	truth truth
	seen  sighting
}

// A matching says what became of every outage, and where every measurement came from.
type matching struct {
	pairs    []pair
	missed   []truth    // nobody saw it
	merged   []truth    // it was taken for a part of another one
	split    []sighting // a second measurement of the same outage
	invented []sighting // there was no outage at that time
}

// match compares the outages of one service with what was measured of it. They belong together when
// they overlap, however little: whether a figure is right is another question.
func match(truths []truth, seen []sighting) matching {
	var matched matching
	best := map[int]int{} // of an outage: the measurement that overlaps it most
	touched := map[int]bool{}
	for s, sighting := range seen {
		widest, found := 0, false
		for t, truth := range truths {
			if sighting.overlap(truth) < 0 {
				continue
			}
			touched[t] = true
			if !found || sighting.overlap(truth) > sighting.overlap(truths[widest]) {
				widest, found = t, true
			}
		}
		other, taken := best[widest]
		switch {
		case !found:
			matched.invented = append(matched.invented, sighting)
		case !taken:
			best[widest] = s
		case sighting.overlap(truths[widest]) > seen[other].overlap(truths[widest]):
			best[widest] = s
			matched.split = append(matched.split, seen[other])
		default:
			matched.split = append(matched.split, sighting)
		}
	}
	for t, truth := range truths {
		s, measured := best[t]
		switch {
		case measured:
			matched.pairs = append(matched.pairs, pair{truth, seen[s]})
		case touched[t]:
			matched.merged = append(matched.merged, truth)
		default:
			matched.missed = append(matched.missed, truth)
		}
	}
	return matched
}

// add joins the matching of another service.
func (m *matching) add(other matching) {
	m.pairs = append(m.pairs, other.pairs...)
	m.missed = append(m.missed, other.missed...)
	m.merged = append(m.merged, other.merged...)
	m.split = append(m.split, other.split...)
	m.invented = append(m.invented, other.invented...)
}

// error is the figure minus the truth.
func (p pair) error() time.Duration { return p.seen.length() - p.truth.length() }

// sharp tells whether a drill's record would show the figure without calling it inconclusive: at neither
// edge is there a stretch of a period and a half without a question or an answer. See harness/adr/0004.
func (p pair) sharp() bool {
	return p.seen.bounded && 2*(p.seen.lost-p.seen.down.after) < 3*period && 2*(p.seen.up.by-p.seen.up.after) < 3*period
}

// stated is how far the figure may be off by the measurement's own account.
func (s sighting) stated() time.Duration {
	shortest, longest := s.lengths()
	return max(s.length()-shortest, longest-s.length())
}

// lengths are the shortest and the longest outage that fit what the sighting says.
func (s sighting) lengths() (shortest, longest time.Duration) {
	return max(0, s.up.after-s.down.by), s.up.by - s.down.after
}

// violated tells whether the truth lies outside of what the measurement says is possible: it was wrong
// and did not say so. The margin is how far the two clocks may be apart, which lengths do not suffer from.
func (p pair) violated(margin time.Duration) bool {
	if !p.seen.bounded {
		return false
	}
	shortest, longest := p.seen.lengths()
	length, blur := p.truth.length(), p.truth.blur()
	return length+blur < shortest || length-blur > longest ||
		p.truth.down.apart(p.seen.down, margin) || p.truth.up.apart(p.seen.up, margin)
}
