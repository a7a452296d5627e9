package dns

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
	"github.com/reprise-dr/reprise/harness/labtest"
	"github.com/reprise-dr/reprise/harness/runbook"
)

// An nsd runs nsd's commands on machines in memory: a reload has the server answer from the file.
type nsd struct {
	*labtest.Lab
	server *fakeServer
}

func (n *nsd) Exec(ctx context.Context, node string, argv ...string) ([]byte, error) {
	text, err := n.ReadFile(ctx, node, zone.File)
	if err != nil {
		return nil, err
	}
	records, err := parse(origin, text)
	if err != nil {
		return nil, &harness.CommandError{Node: node, Argv: argv, ExitCode: 1, Output: err.Error()}
	}
	if argv[0] == "nsd-control" {
		n.server.mutex.Lock()
		defer n.server.mutex.Unlock()
		n.server.records = records
	}
	return nil, nil
}

func served(t *testing.T, text string) *nsd {
	t.Helper()
	one := &nsd{Lab: machines(t, text), server: serving(t, zoneText, 0)}
	one.ServeDatagrams(atServer, one.server.answer)
	return one
}

// Goal: a runbook writes the present addresses into the records that it is for and no others, gives them the TTL, raises the
// serial, and is done when the server answers so. Method: a site that has moved, in memory; what is served is compared.
func TestReaddressing(t *testing.T) {
	for name, c := range map[string]struct {
		runbook harness.Runbook
		has     []string
		lacks   []string
	}{
		"everything": {
			Readdressing{Zone: zone},
			[]string{"10.201.2.31", "fd00:d2::31", "fd00:d1::41", "2020012002", "site.reprise.test.\t14400"},
			[]string{"10.201.1.31", "fd00:d1::31"},
		},
		"A alone": {Readdressing{Zone: zone, Types: []string{"A"}}, []string{"10.201.2.31", "fd00:d1::31"}, []string{"10.201.1.31"}},
		"with a TTL": {
			Readdressing{Zone: zone, Names: []string{siteName}, TTL: 5 * time.Minute},
			[]string{"site.reprise.test.\t300\tIN\tA\t10.201.2.31", "ns-1.reprise.test.\t14400"},
			[]string{"site.reprise.test.\t14400"},
		},
		"a TTL alone": {
			NewTTL{Zone: zone, TTL: time.Minute},
			[]string{"site.reprise.test.\t60\tIN\tA\t10.201.1.31", "86400\tIN\tTXT", "2020012002"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			one := served(t, zoneText)
			one.Renumber("client-1", harness.Addresses{IPv6: netip.MustParseAddr("fd00:d2::31"), IPv4: netip.MustParseAddr("10.201.2.31")})
			_, err := runbook.Run(t.Context(), one, c.runbook)
			labtest.Expect(t, err, "")
			text := string(render(one.server.records))
			for _, has := range c.has {
				if !strings.Contains(text, has) {
					t.Errorf("%q is not served:\n%s", has, text)
				}
			}
			for _, lacks := range c.lacks {
				if strings.Contains(text, lacks) {
					t.Errorf("%q is served:\n%s", lacks, text)
				}
			}
		})
	}
}

// Goal: what makes no sense is refused in one sentence, and nothing is written. Method: zones and TTLs that make none.
func TestRefused(t *testing.T) {
	toAMinute, elsewhere := NewTTL{Zone: zone, TTL: time.Minute}, Zone{Node: nameServer, Origin: origin, File: "/no"}
	for name, c := range map[string]struct {
		text    string
		runbook harness.Runbook
		wants   string
	}{
		"a TTL of 0":               {zoneText, NewTTL{Zone: zone}, "the TTL is 0s: it is at least 1 s"},
		"half a second":            {zoneText, NewTTL{Zone: zone, TTL: 1500 * time.Millisecond}, "the TTL is 1.5s"},
		"no such name":             {zoneText, NewTTL{Zone: zone, TTL: time.Minute, Names: []string{"x"}}, "has no such records"},
		"nothing has moved":        {zoneText, Readdressing{Zone: zone}, "no old address is in A and AAAA"},
		"no zone":                  {"site A nowhere\n", toAMinute, "the zone reprise.test cannot be read"},
		"no SOA":                   {"$TTL 60\nsite A 10.0.0.1\n", toAMinute, "does not begin with its SOA record"},
		"a zone with a TTL of 0":   {zoneText + "zero 0 A 10.0.0.1\n", toAMinute, "a TTL of 0 for zero.reprise.test."},
		"a file that is not there": {zoneText, NewTTL{Zone: elsewhere, TTL: time.Minute}, "read the zone reprise.test: open /no"},
	} {
		t.Run(name, func(t *testing.T) {
			one := served(t, c.text)
			one.Journal()
			_, err := runbook.Run(t.Context(), one, c.runbook)
			labtest.Expect(t, err, c.wants)
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %v", err)
			}
			if done := one.Journal(); len(done) > 0 {
				t.Errorf("it did %q all the same", done)
			}
		})
	}
}

// Goal: old addresses are found in what is served, whatever the file says, and in what a cache still has. Method: a file that
// was edited and not read, and a cache that a client has asked for one of two records.
func TestTexts(t *testing.T) {
	one := served(t, moved())
	cache := serving(t, zoneText, 1)
	one.ServeDatagrams(atCache, cache.answer)
	_, err := Resolver{Node: cacheNode}.Addresses(t.Context(), one, siteName, "A")
	labtest.Expect(t, err, "")
	for _, c := range []struct {
		source drift.MentionSource
		name   string
		want   map[string]string
	}{
		{ZoneTexts(zone), "zone reprise.test", map[string]string{
			"A site.reprise.test": "10.201.1.31", "AAAA site.reprise.test": "fd00:d1::31", "AAAA ns-1.reprise.test": "fd00:d1::41",
		}},
		{CacheTexts(zone, Resolver{Node: cacheNode}), "cache of resolver-1", map[string]string{"A site.reprise.test": "10.201.1.31"}},
	} {
		texts, err := c.source.Texts(t.Context(), one)
		labtest.Expect(t, err, "")
		if c.source.Name() != c.name || len(texts) != len(c.want) {
			t.Errorf("%s has %q, want %q", c.source.Name(), texts, c.want)
		}
		for key, address := range c.want {
			if !strings.Contains(texts[key], address) {
				t.Errorf("%s: %q does not name %s", key, texts[key], address)
			}
		}
	}
	_, err = ZoneTexts(zone).Texts(t.Context(), served(t, "nothing"))
	labtest.Expect(t, err, "the zone reprise.test")
}
