package harness

import (
	"fmt"
	"net/netip"
	"strings"
)

// An AddressBook says which address each documented address of a cluster has become: keys are the
// addresses of peace time, as in the [Topology], values are the addresses the same nodes have now.
// Addresses that did not change are in it too.
type AddressBook map[netip.Addr]netip.Addr

// PresentAddresses asks every node of the topology for its addresses and pairs them with those of
// peace time. An address a node has lost altogether stays what it was: there is nothing to write instead.
func PresentAddresses(observer Observer) (AddressBook, error) {
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
	rest := string(text)
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return !isAddressRune(r) })
		switch end {
		case -1:
			rewritten.WriteString(b.rewriteWord(rest))
			rest = ""
		case 0:
			end = strings.IndexFunc(rest, isAddressRune)
			if end < 0 {
				end = len(rest)
			}
			rewritten.WriteString(rest[:end])
			rest = rest[end:]
		default:
			rewritten.WriteString(b.rewriteWord(rest[:end]))
			rest = rest[end:]
		}
	}
	return []byte(rewritten.String())
}

// rewriteWord replaces a word that is an address, or an IPv4 address with a port. An IPv6 address
// with a port stands in brackets, which end a word.
func (b AddressBook) rewriteWord(word string) string {
	if address, err := netip.ParseAddr(word); err == nil {
		return b.spell(address, word)
	}
	bare := strings.TrimRight(word, ".:") // the end of a sentence, or "address: text"
	if address, err := netip.ParseAddr(bare); err == nil {
		return b.spell(address, bare) + word[len(bare):]
	}
	host, port, found := strings.Cut(word, ":")
	if address, err := netip.ParseAddr(host); found && err == nil && address.Is4() {
		return b.spell(address, host) + ":" + port
	}
	return word
}

// spell keeps the text of an address that did not change.
func (b AddressBook) spell(address netip.Addr, text string) string {
	now, known := b[address]
	if !known || now == address {
		return text
	}
	return now.String()
}

// isAddressRune tells whether the rune can be part of a word that an address might be. Letters
// beyond f, dashes and underscores belong to words too: a name that ends in something like an
// address is not one.
func isAddressRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".:-_", r)
}
