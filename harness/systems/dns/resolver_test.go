package dns

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: what is left of a TTL is read without having the record fetched, and counts down on the resolver's clock. Method: a
// cache in memory whose clock runs 480 times as fast, asked before and after a client has asked it, on a fake clock.
func TestTTLLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, cache := machines(t, zoneText), Resolver{Node: cacheNode, Rate: 480}
		defer lab.Close()
		lab.ServeDatagrams(atCache, serving(t, zoneText, 480).answer)
		_, err := cache.TTLLeft(t.Context(), lab, siteName, "A")
		labtest.Expect(t, err, "site.reprise.test has no record of type A")
		addresses, err := cache.Addresses(t.Context(), lab, siteName, "A")
		labtest.Expect(t, err, "")
		if !slices.Equal(addresses, []netip.Addr{netip.MustParseAddr("10.201.1.31")}) {
			t.Errorf("it was told %v", addresses)
		}
		time.Sleep(2 * time.Second)
		kept, err := cache.TTLLeft(t.Context(), lab, siteName, "A")
		labtest.Expect(t, err, "")
		if want := 14400*time.Second - 960*time.Second; kept.Left != want {
			t.Errorf("%v are left, want %v", kept.Left, want)
		}
		if got, want := kept.LeftAt(time.Now().Add(time.Second)), kept.Left-480*time.Second; got != want {
			t.Errorf("a second later %v are left, want %v", got, want)
		}
		if cache.Real(cache.Own(time.Second)) != time.Second || (Resolver{}).Own(time.Minute) != time.Minute {
			t.Error("the two clocks do not agree about a second")
		}
		_, err = cache.TTLLeft(t.Context(), lab, siteName, "B")
		labtest.Expect(t, err, `no records of the type "B"`)
		_, err = cache.TTLLeft(t.Context(), lab, "nobody.reprise.test", "A")
		labtest.Expect(t, err, "NXDOMAIN")
	})
}

// Goal: a clock that does not run as it should is found out. Method: caches in memory whose clocks run at other rates than
// they are said to, or that keep a record for another time than its TTL, on a fake clock.
func TestCheckClock(t *testing.T) {
	const known = 24 * time.Hour
	for name, c := range map[string]struct {
		said, runs int
		ttl        time.Duration
		wants      string
	}{
		"as declared":      {480, 480, known, ""},
		"everybody's":      {1, 1, known, ""},
		"a little slower":  {480, 470, known, "its clock runs 470.0 times as fast"},
		"does not run":     {480, 1, known, "its clock runs 1.0 times as fast"},
		"twice as fast":    {20, 40, known, "its clock runs 40.0 times as fast"},
		"another TTL":      {480, 480, 12 * time.Hour, "for 24h0m0s when it has just asked: its TTL is 12h0m0s"},
		"another TTL, too": {20, 20, 48 * time.Hour, "for 24h0m0s when it has just asked: its TTL is 48h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab := machines(t, zoneText)
				defer lab.Close()
				lab.ServeDatagrams(atCache, serving(t, zoneText, c.runs).answer)
				rate, err := Resolver{Node: cacheNode, Rate: c.said}.CheckClock(t.Context(), lab, "clock.reprise.test", c.ttl)
				labtest.Expect(t, err, c.wants)
				if err == nil && (rate < float64(c.said)*0.99 || rate > float64(c.said)*1.01) {
					t.Errorf("it measured %f", rate)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		lab := machines(t, zoneText)
		defer lab.Close()
		lab.ServeDatagrams(atCache, serving(t, zoneText, 1).answer)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := Resolver{Node: cacheNode}.CheckClock(ctx, lab, "clock.reprise.test", known)
		labtest.Expect(t, err, context.DeadlineExceeded.Error())
	})
}

// Goal: of several readings of a TTL the one is taken whose moment is known best. Method: a cache that takes its time for the
// first answers, on a fake clock.
func TestTTLLeftTakesTheClosestReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab, cache := machines(t, zoneText), Resolver{Node: cacheNode, Rate: 480}
		defer lab.Close()
		asked, server := 0, serving(t, zoneText, 480)
		lab.ServeDatagrams(atCache, func(question []byte) []byte {
			asked++
			if asked > 1 && asked < 5 { // the first one is a client's
				time.Sleep(300 * time.Millisecond / time.Duration(asked))
			}
			return server.answer(question)
		})
		_, err := cache.Addresses(t.Context(), lab, siteName, "A")
		labtest.Expect(t, err, "")
		kept, err := cache.TTLLeft(t.Context(), lab, siteName, "A")
		labtest.Expect(t, err, "")
		if asked != 5 || kept.Within != 0 || kept.LeftAt(time.Now()) != kept.Left {
			t.Errorf("it asked %d times and took a reading that is within %v", asked, kept.Within)
		}
	})
}
