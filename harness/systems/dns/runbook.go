package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/drift"
)

// addressTypes are the records that an address is in.
var addressTypes = []string{"A", "AAAA"}

// Readdressing writes the cluster's present addresses into a zone's records, raises its serial and has nsd read it. What caches
// hold is not changed by that.
type Readdressing struct {
	Zone  Zone
	Types []string      // of the records, "A" or "AAAA"; none means both
	Names []string      // whose records, such as "site.reprise.test"; none means all of the zone
	TTL   time.Duration // of these records from now on, in whole seconds; 0 leaves it
}

// Name says which records.
func (r Readdressing) Name() string {
	name := fmt.Sprintf("zone %s: write the new addresses into %s", r.Zone.Origin, which(r.types(), r.Names))
	if r.TTL != 0 {
		name += fmt.Sprintf(", with a TTL of %v", r.TTL)
	}
	return name
}

// Steps are its steps.
func (r Readdressing) Steps() []harness.Step {
	return r.Zone.change(func(operator harness.Operator, records []dns.RR) error {
		if r.TTL != 0 {
			if err := setTTL(selected(records, r.types(), r.Names), r.TTL); err != nil {
				return err
			}
		}
		book, err := drift.PresentAddresses(operator)
		if err != nil {
			return err
		}
		if readdress(records, book, r.types(), r.Names) == 0 {
			return fmt.Errorf("no old address is in %s", which(r.types(), r.Names))
		}
		return nil
	})
}

func (r Readdressing) types() []string {
	if len(r.Types) == 0 {
		return addressTypes
	}
	return r.Types
}

// which names records in a sentence.
func which(types, names []string) string {
	text := strings.Join(types, " and ")
	if len(names) > 0 {
		text += " of " + strings.Join(names, ", ")
	}
	return text
}

// NewTTL sets the TTL of a zone's addresses, raises its serial and has nsd read it. Whoever has asked before keeps what it was
// told for as long as it was told then.
type NewTTL struct {
	Zone  Zone
	TTL   time.Duration // in whole seconds; 0 is refused
	Names []string      // whose records; none means all of the zone
}

// Name says which TTL.
func (t NewTTL) Name() string {
	return fmt.Sprintf("zone %s: set the TTL of %s to %v", t.Zone.Origin, which(addressTypes, t.Names), t.TTL)
}

// Steps are its steps.
func (t NewTTL) Steps() []harness.Step {
	return t.Zone.change(func(_ harness.Operator, records []dns.RR) error {
		return setTTL(selected(records, addressTypes, t.Names), t.TTL)
	})
}

// setTTL gives records another TTL.
func setTTL(records []dns.RR, ttl time.Duration) error {
	if err := validTTL(ttl); err != nil {
		return err
	}
	if len(records) == 0 {
		return errors.New("the zone has no such records")
	}
	for _, record := range records {
		record.Header().Ttl = uint32(ttl / time.Second)
	}
	return nil
}

// change makes the steps of a change of the zone's records.
func (z Zone) change(edit func(operator harness.Operator, records []dns.RR) error) []harness.Step {
	return []harness.Step{
		{Name: "edit " + z.File + " and raise its serial", Do: func(ctx context.Context, operator harness.Operator) error {
			records, err := z.read(ctx, operator)
			if err != nil {
				return err
			}
			if err := errors.Join(edit(operator, records), raiseSerial(records)); err != nil {
				return fmt.Errorf("change the zone %s: %w", z.Origin, err)
			}
			return operator.WriteFile(ctx, z.Node, harness.File{Path: z.File, Data: render(records)})
		}},
		{Name: "have nsd on " + z.Node + " read " + z.Origin, Do: func(ctx context.Context, operator harness.Operator) error {
			for _, argv := range [][]string{{"nsd-checkzone", z.Origin, z.File}, {"nsd-control", "reload", z.Origin}} {
				if _, err := operator.Exec(ctx, z.Node, argv...); err != nil {
					return err
				}
			}
			return nil
		}},
		{Name: "wait until " + z.Node + " serves " + z.Origin + " as it is in the file", Do: z.awaitServed},
	}
}

// waitForZone bounds how long a reload may take. Seen: less than 100 ms.
var waitForZone = harness.Wait{For: "the zone to be served", Interval: 20 * time.Millisecond, Limit: 10 * time.Second}

// awaitServed waits until the server's serial is that of the file.
func (z Zone) awaitServed(ctx context.Context, operator harness.Operator) error {
	return waitForZone.Until(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		records, err := z.read(ctx, operator)
		if err != nil {
			return err
		}
		served, err := z.server().ask(ctx, operator, z.Origin, "SOA", false)
		if err != nil {
			return err
		}
		want, _ := records[0].(*dns.SOA)
		if got, ok := served[0].(*dns.SOA); !ok || got.Serial != want.Serial {
			return fmt.Errorf("%s serves %s, and the file has the serial %d", z.Node, served[0], want.Serial)
		}
		return nil
	})
}

// Flush has an unbound forget what it knows of a name, as somebody who administers it can: the next client's question is asked
// anew, and its answer has its whole TTL. Nobody who is renumbered administers the resolvers of his clients.
func Flush(resolver Resolver, name string) harness.Runbook {
	return flush{resolver, name}
}

type flush struct {
	resolver Resolver
	name     string
}

func (f flush) Name() string { return f.resolver.Node + ": forget " + f.name }

func (f flush) Steps() []harness.Step {
	return []harness.Step{{Name: f.Name(), Do: func(ctx context.Context, operator harness.Operator) error {
		_, err := operator.Exec(ctx, f.resolver.Node, "unbound-control", "flush", f.name)
		return err
	}}}
}
