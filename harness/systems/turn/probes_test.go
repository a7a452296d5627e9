package turn

import (
	"net/netip"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: bytes go through a relay at the address that is announced for it, there and back.
// Method: a real server that announces where its relays are.
func TestRelays(t *testing.T) {
	node := running(t, "127.0.0.1")
	labtest.Expect(t, Relays(server).Check(t.Context(), node), "")
	labtest.Expect(t, Allocates(server).Check(t.Context(), node), "")
}

// Goal: a server that announces an address at which nobody is gives relays like any other, and only who sends bytes to one
// notices. Method: a real server whose relays are at another address than it says.
func TestAnnouncesAnAddressThatNobodyHas(t *testing.T) {
	node := running(t, "127.0.0.9")
	labtest.Expect(t, Allocates(server).Check(t.Context(), node), "")
	announced, err := Announced(t.Context(), node, server)
	labtest.Expect(t, err, "")
	if announced != netip.MustParseAddr("127.0.0.9") {
		t.Errorf("it announces %v", announced)
	}
	labtest.Expect(t, Relays(server).Check(t.Context(), node), "the relay at 127.0.0.9:")
}

// Goal: a user who is not known gets no relay, and is told why.
func TestRefusesStrangers(t *testing.T) {
	node := running(t, "127.0.0.1")
	stranger := server
	stranger.Password = harness.Secret{Value: "guessed"}
	labtest.Expect(t, Allocates(stranger).Check(t.Context(), node), "ask for a relay: ")
	labtest.Expect(t, Relays(stranger).Check(t.Context(), node), "ask for a relay: ")
}
