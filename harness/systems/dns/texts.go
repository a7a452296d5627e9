package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// ZoneTexts are the A and AAAA records of a zone as its server answers them, for a search for old addresses
// ([drill.Drill.AlsoSearch]): a file that was edited and not read by the server is not enough. Keys are "A site.reprise.test".
func ZoneTexts(zone Zone) drift.MentionSource { return texts{zone: zone, asks: zone.server()} }

// CacheTexts are the same records as a resolver has them in its cache, as far as it has them: what its clients are told until
// they expire.
func CacheTexts(zone Zone, resolver Resolver) drift.MentionSource {
	return texts{zone: zone, asks: resolver}
}

type texts struct {
	zone Zone
	asks Resolver
}

func (t texts) Name() string {
	if t.asks == t.zone.server() {
		return "zone " + t.zone.Origin
	}
	return "cache of " + t.asks.Node
}

// Texts asks for every name of the zone's file.
func (t texts) Texts(ctx context.Context, observer harness.Observer) (map[string]string, error) {
	records, err := t.zone.read(ctx, observer)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, record := range selected(records, addressTypes, nil) {
		name, kind := strings.TrimSuffix(record.Header().Name, "."), dns.TypeToString[record.Header().Rrtype]
		key := kind + " " + name
		if _, asked := found[key]; asked {
			continue
		}
		answers, err := t.asks.ask(ctx, observer, name, kind, false)
		if errors.Is(err, errNoRecord) && t.asks != t.zone.server() {
			continue // it is not in the cache
		}
		if err != nil {
			return found, fmt.Errorf("read the records of %s: %w", t.zone.Origin, err)
		}
		for _, answer := range answers {
			found[key] += answer.String() + "\n"
		}
	}
	return found, nil
}
