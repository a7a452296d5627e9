//go:build linux

package agentd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// More of the layout that iptables.go describes.
const (
	optionEntries = 65 // IPT_SO_GET_ENTRIES
	entriesHead   = 40 // of its answer: the table's name, its size, and room to align what follows
	matchHead     = 2 + 29 + 1
)

// hookNames are the chains that the kernel calls, in the order of its numbers.
var hookNames = [hooks]string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}

// iptablesChains reads the tables that somebody has used. To ask for another would make it.
func iptablesChains() ([]packetChain, error) {
	var chains []packetChain
	for _, family := range tableFamilies {
		names, err := os.ReadFile(family.names)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the kernel has none
		}
		if err != nil {
			return nil, err
		}
		for name := range strings.FieldsSeq(string(names)) {
			found, err := family.chains(name)
			if err != nil {
				return nil, fmt.Errorf("table %s of %s: %w", name, family.names, err)
			}
			chains = append(chains, found...)
		}
	}
	return chains, nil
}

func (f tableFamily) program() string {
	if f.domain == unix.AF_INET6 {
		return "ip6tables"
	}
	return "iptables"
}

func (f tableFamily) chains(name string) ([]packetChain, error) {
	socket, err := unix.Socket(f.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(socket)
	info := make([]byte, infoSize)
	copy(info, name)
	if err := f.ask(socket, optionInfo, info); err != nil {
		return nil, err
	}
	size := binary.NativeEndian.Uint32(info[infoSize-4:])
	entries := make([]byte, entriesHead+int(size))
	copy(entries, name)
	binary.NativeEndian.PutUint32(entries[nameSize:], size)
	if err := f.ask(socket, optionEntries, entries); err != nil {
		return nil, err
	}
	return f.parse(name, info, entries[entriesHead:])
}

func (f tableFamily) ask(socket, option int, answer []byte) error {
	length := uint32(len(answer))
	if _, _, number := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), uintptr(f.level), uintptr(option),
		uintptr(unsafe.Pointer(&answer[0])), uintptr(unsafe.Pointer(&length)), 0); number != 0 {
		return fmt.Errorf("look at it: %w", number)
	}
	return nil
}

// A tableEntry is one rule where it lies in its table.
type tableEntry struct {
	offset, next int
	bytes        []byte
	target       int // where the target begins in bytes
}

// parse cuts a table into chains. A chain that the kernel calls begins at its hook's offset and ends
// with its policy; one that somebody has named begins after an entry with its name.
func (f tableFamily) parse(table string, info, raw []byte) ([]packetChain, error) {
	entries, err := f.entries(raw)
	if err != nil {
		return nil, err
	}
	starts, policies := map[int]string{}, map[int]bool{}
	for hook, name := range hookNames {
		if binary.NativeEndian.Uint32(info[nameSize:])&(1<<hook) != 0 {
			starts[int(binary.NativeEndian.Uint32(info[nameSize+4+4*hook:]))] = name
			policies[int(binary.NativeEndian.Uint32(info[nameSize+4+4*hooks+4*hook:]))] = true
		}
	}
	for _, entry := range entries {
		if name, ok := entry.heading(); ok {
			starts[entry.next] = name
		}
	}
	var chains []packetChain
	for _, entry := range entries {
		if name, begins := starts[entry.offset]; begins {
			chains = append(chains, packetChain{name: fmt.Sprintf("%s %s %s", f.program(), table, name), about: "chain"})
		}
		if _, isHeading := entry.heading(); isHeading || len(chains) == 0 {
			continue
		}
		current := &chains[len(chains)-1]
		if policies[entry.offset] {
			verdict := entry.verdict(starts)
			current.about, current.policy = "policy "+verdict, verdict != "ACCEPT"
			continue
		}
		current.rules = append(current.rules, f.describe(entry, starts))
	}
	for i := range chains {
		chains[i].trimReturn()
	}
	return chains, nil
}

// trimReturn takes away the rule that the kernel puts at the end of every chain with a name.
func (c *packetChain) trimReturn() {
	if last := len(c.rules) - 1; c.about == "chain" && last >= 0 && c.rules[last] == "RETURN" {
		c.rules = c.rules[:last]
	}
}

func (f tableFamily) entries(raw []byte) ([]tableEntry, error) {
	var entries []tableEntry
	for offset := 0; offset < len(raw); {
		rest := raw[offset:]
		if len(rest) < f.entrySize {
			return nil, fmt.Errorf("the rule at %d is cut off", offset)
		}
		target := int(binary.NativeEndian.Uint16(rest[f.offsets:]))
		size := int(binary.NativeEndian.Uint16(rest[f.offsets+2:]))
		if target < f.entrySize || size < target+targetHead || size > len(rest) {
			return nil, fmt.Errorf("the rule at %d is %d bytes long, its target at %d: this kernel writes another layout", offset, size,
				target)
		}
		entries = append(entries, tableEntry{offset: offset, next: offset + size, bytes: rest[:size], target: target})
		offset += size
	}
	return entries, nil
}

// heading is the name of the chain that begins after this entry.
func (e tableEntry) heading() (string, bool) {
	if e.targetName() != "ERROR" || len(e.bytes) < e.target+targetHead {
		return "", false
	}
	return zeroTerminated(e.bytes[e.target+targetHead:]), true
}

func (e tableEntry) targetName() string { return zeroTerminated(e.bytes[e.target+2 : e.target+2+29]) }

// verdict is what the kernel's own target says.
func (e tableEntry) verdict(starts map[int]string) string {
	verdict := int32(binary.NativeEndian.Uint32(e.bytes[e.target+targetHead:]))
	switch {
	case verdict == accept:
		return "ACCEPT"
	case verdict == -1: // NF_DROP
		return "DROP"
	case verdict == -5: // NF_REPEAT: XT_RETURN
		return "RETURN"
	case int(verdict) == e.next:
		return "goes on"
	case starts[int(verdict)] != "":
		return starts[int(verdict)]
	}
	return fmt.Sprint(verdict)
}

// describe writes a rule much as iptables -S does. What a match or target is told is in hexadecimal.
func (f tableFamily) describe(entry tableEntry, starts map[int]string) string {
	words := f.packets(entry.bytes)
	for at := f.entrySize; at+matchHead <= entry.target; {
		size := int(binary.NativeEndian.Uint16(entry.bytes[at:]))
		if size < matchHead || at+size > entry.target {
			break
		}
		words = append(words, "-m "+zeroTerminated(entry.bytes[at+2:at+matchHead-1])+parameters(entry.bytes[at+matchHead:at+size]))
		at += size
	}
	if name := entry.targetName(); name != "" {
		words = append(words, "-j "+name+parameters(entry.bytes[entry.target+targetHead:]))
	} else if verdict := entry.verdict(starts); len(words) == 0 && verdict == "RETURN" {
		return verdict
	} else {
		words = append(words, "-j "+verdict)
	}
	return strings.Join(words, " ")
}

// packets says which packets the rule is about: addresses, interfaces, protocol.
func (f tableFamily) packets(entry []byte) []string {
	size := net.IPv4len
	if f.domain == unix.AF_INET6 {
		size = net.IPv6len
	}
	const interfaceSize = 16
	interfaces := 4 * size
	protocol := interfaces + 4*interfaceSize
	inverted := entry[protocol+3]
	if f.domain == unix.AF_INET6 {
		inverted = entry[protocol+4]
	}
	var words []string
	add := func(bit byte, option, value string) {
		if value == "" {
			return
		}
		if inverted&bit != 0 {
			option = "! " + option
		}
		words = append(words, option+" "+value)
	}
	add(0x08, "-s", prefixOf(entry[:size], entry[2*size:3*size]))
	add(0x10, "-d", prefixOf(entry[size:2*size], entry[3*size:4*size]))
	add(0x01, "-i", interfaceOf(entry[interfaces:], entry[interfaces+2*interfaceSize:]))
	add(0x02, "-o", interfaceOf(entry[interfaces+interfaceSize:], entry[interfaces+3*interfaceSize:]))
	if number := binary.NativeEndian.Uint16(entry[protocol:]); number != 0 {
		add(0x40, "-p", fmt.Sprint(number))
	}
	return words
}

func prefixOf(address, mask []byte) string {
	ones, bits := net.IPMask(mask).Size()
	if bits != 0 && ones == 0 {
		return ""
	}
	parsed, _ := netip.AddrFromSlice(address)
	if bits == 0 {
		return parsed.String() + "/" + hex.EncodeToString(mask)
	}
	return fmt.Sprintf("%s/%d", parsed, ones)
}

// interfaceOf is a name, or the beginning of one with a plus.
func interfaceOf(name, mask []byte) string {
	text := zeroTerminated(name[:16])
	if text != "" && mask[len(text)] == 0 {
		text += "+"
	}
	return text
}

// parameters writes what a match or target is told, as text if it is.
func parameters(raw []byte) string {
	raw = bytes.TrimRight(raw, "\x00")
	if len(raw) == 0 {
		return ""
	}
	return "(" + describeBytes(raw) + ")"
}

func zeroTerminated(raw []byte) string {
	if end := bytes.IndexByte(raw, 0); end >= 0 {
		raw = raw[:end]
	}
	return string(raw)
}
