package consul

import (
	"errors"
	"slices"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: what was acknowledged is found again by a read that the leader confirms, and nothing else is.
// Method: write entries to servers that share one store, of which the first is down; beside them lie
// keys of others and one that lost its value.
func TestKVFindsWhatItWrote(t *testing.T) {
	kept := &store{keys: map[string]string{"drill/xy/9": "9", "drill/x/note": "text", "drill/x/7": ""}}
	second := &fakeAPI{store: kept}
	observer := cluster(t, nil, second, &fakeAPI{store: kept})
	ledger := KV("drill/x")
	for entry := range 4 {
		labtest.Expect(t, ledger.Write(t.Context(), observer, entry), "")
	}
	entries, err := ledger.Entries(t.Context(), observer)
	slices.Sort(entries)
	if err != nil || !slices.Equal(entries, []int{0, 1, 2, 3}) {
		t.Errorf("found %v, %v", entries, err)
	}
	if !second.consistent {
		t.Error("the list was not asked for in consistent mode")
	}
}

// Goal: a refused write says so, and one that may have happened does not.
// Method: servers that know no leader, that lost it while at it, that do not reach it, and that are down.
func TestKVTellsRefusedFromUnknown(t *testing.T) {
	for failure, refused := range map[string]bool{
		"No cluster leader": true,
		"rpc error getting client: failed to get conn: dial tcp: connection refused": true,
		"raft apply failed: leadership lost while committing log":                    false,
		"rpc error making call: EOF":                                                 false,
	} {
		t.Run(failure, func(t *testing.T) {
			server := &fakeAPI{failure: failure}
			err := KV("drill/x").Write(t.Context(), cluster(t, server, server, server), 0)
			if err == nil || errors.Is(err, harness.ErrRefused) != refused {
				t.Errorf("the error is %v", err)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		if err := KV("drill/x").Write(t.Context(), cluster(t), 0); !errors.Is(err, harness.ErrRefused) {
			t.Errorf("the error is %v", err)
		}
	})
}
