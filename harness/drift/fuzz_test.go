package drift

import (
	"bytes"
	"net/netip"
	"testing"
)

// Goal: a rewritten text names no old address, and is the same where nothing moved. Method: configurations with addresses in
// every spelling, changed at random.
func FuzzRewrite(f *testing.F) {
	old, now := netip.MustParseAddr("fd00:d1::11"), netip.MustParseAddr("fd00:d2::11")
	old4, now4 := netip.MustParseAddr("10.201.1.11"), netip.MustParseAddr("10.201.2.11")
	for _, text := range []string{
		"bind_addr = \"fd00:d1::11\"\n", "[FD00:D1:0::11]:4647, fd00:d1::111", "10.201.1.11:80 10.201.1.110", "::ffff:10.201.1.11",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if same := (AddressBook{}).Rewrite(text); !bytes.Equal(same, text) {
			t.Errorf("%q became %q although nothing moved", text, same)
		}
		moved := AddressBook{old: now, old4: now4}.Rewrite(text)
		for _, mention := range FindMentions(moved, map[netip.Addr]bool{old: true, old4: true}) {
			t.Errorf("%q became %q, which names %s", text, moved, mention.Address)
		}
	})
}
