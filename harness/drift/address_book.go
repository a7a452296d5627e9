package drift

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// An AddressBook says which address each documented address of a cluster has become: keys are the
// addresses of peace time, as in the [harness.Topology], values are the addresses the same nodes have now.
// Addresses that did not change are in it too.
type AddressBook map[netip.Addr]netip.Addr

// PresentAddresses asks every node of the topology for its addresses and pairs them with those of
// peace time. An address a node has lost altogether stays what it was: there is nothing to write instead.
func PresentAddresses(observer harness.Observer) (AddressBook, error) {
	book := AddressBook{}
	for _, node := range observer.Topology().Nodes {
		now, err := observer.Addresses(node.Name)
		if err != nil {
			return nil, fmt.Errorf("look up the addresses of %s: %w", node.Name, err)
		}
		book.pair(node.IPv6, now.IPv6)
		book.pair(node.IPv4, now.IPv4)
	}
	return book, nil
}

func (b AddressBook) pair(before, now netip.Addr) {
	if !before.IsValid() {
		return
	}
	if !now.IsValid() {
		now = before
	}
	b[before] = now
}

// Rewrite replaces every documented address in a configuration text by the present one, and leaves
// every other byte alone. It works on whole addresses, however they are spelt, so that fd00::1
// never touches fd00::11, and it replaces all of them at once, so that two nodes that swapped their
// addresses come out right. Ports, brackets and prefix lengths around an address stay.
func (b AddressBook) Rewrite(text []byte) []byte {
	var rewritten strings.Builder
	eachWord(text, func(word []byte, isWord bool) {
		if isWord {
			rewritten.WriteString(b.rewriteWord(string(word)))
			return
		}
		rewritten.Write(word)
	})
	return []byte(rewritten.String())
}

// eachWord cuts a text into words that an address might be, and what is between them.
func eachWord(text []byte, visit func(word []byte, isWord bool)) {
	for len(text) > 0 {
		isWord := isAddressByte(text[0])
		end := 1
		for end < len(text) && isAddressByte(text[end]) == isWord {
			end++
		}
		visit(text[:end], isWord)
		text = text[end:]
	}
}

// rewriteWord replaces the address in a word.
func (b AddressBook) rewriteWord(word string) string {
	address, after, ok := splitWord(word)
	if !ok {
		return word
	}
	return b.spell(address, strings.TrimSuffix(word, after)) + after
}

// spell keeps the text of an address that did not change. An IPv4 address that is written as an IPv6 one stays written so.
func (b AddressBook) spell(address netip.Addr, text string) string {
	now, known := b[address.Unmap()]
	if !known || now == address.Unmap() {
		return text
	}
	if address.Is4In6() {
		now = netip.AddrFrom16(now.As16())
	}
	return now.String()
}

// splitWord finds the address in a word that is one, or an IPv4 address with a port. An IPv6 address
// with a port stands in brackets, which end a word.
func splitWord(word string) (address netip.Addr, after string, ok bool) {
	if address, err := netip.ParseAddr(word); err == nil {
		return address, "", true
	}
	bare := strings.TrimRight(word, ".:") // the end of a sentence, or "address: text"
	if address, err := netip.ParseAddr(bare); err == nil {
		return address, word[len(bare):], true
	}
	host, _, found := strings.Cut(word, ":")
	if address, err := netip.ParseAddr(host); found && err == nil && address.Is4() {
		return address, word[len(host):], true
	}
	return netip.Addr{}, "", false
}

// isAddressByte tells whether the byte can be part of a word that an address might be. Letters
// beyond f, dashes and underscores belong to words too: a name that ends in something like an
// address is not one.
func isAddressByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || strings.IndexByte(".:-_", b) >= 0
}

// Old are the addresses of peace that no node has any more.
func (b AddressBook) Old() []netip.Addr {
	present := map[netip.Addr]bool{}
	for _, now := range b {
		present[now] = true
	}
	var gone []netip.Addr
	for before := range b {
		if !present[before] {
			gone = append(gone, before)
		}
	}
	slices.SortFunc(gone, netip.Addr.Compare)
	return gone
}
