package garage

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: new nodes get a layout with all of them in it, and a key that may make buckets; a second time is an error that says why.
// Method: form a store of nodes in memory and read the commands; then of nodes that do not say who they are, and of ones that do
// not find each other.
func TestForm(t *testing.T) {
	store := running(t, false)
	labtest.Expect(t, admin.Form(t.Context(), store, Key{ID: "GK01", Secret: harness.Secret{Value: "02"}}), "")
	want := []string{
		"garage-1 layout assign -z garage-1 -c 1GB " + strings.Repeat("1", identityLength),
		"garage-1 layout assign -z garage-2 -c 1GB " + strings.Repeat("2", identityLength),
		"garage-1 layout assign -z garage-3 -c 1GB " + strings.Repeat("3", identityLength),
		"garage-1 layout apply --version 1",
		"garage-1 key import --yes -n reprise GK01 02",
		"garage-1 key allow --create-bucket GK01",
	}
	if !slices.Equal(store.commands, want) {
		t.Errorf("the commands are\n%s\nwant\n%s", strings.Join(store.commands, "\n"), strings.Join(want, "\n"))
	}

	store = running(t, false)
	store.identity = "563e1ac825ee3323"
	labtest.Expect(t, admin.Form(t.Context(), store, Key{}), `ask for the identity of garage-1: "563e1ac825ee3323" is not a key and an address`)

	store = running(t, false)
	store.isolate("garage-2")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	labtest.Expect(t, admin.Form(ctx, store, Key{}), "garage-1 is connected with 2 of 3 nodes")
}
