//go:build linux

package agentd

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// families are what nft calls the kinds of packets.
var families = map[byte]string{
	unix.NFPROTO_INET: "inet", unix.NFPROTO_IPV4: "ip", unix.NFPROTO_IPV6: "ip6", unix.NFPROTO_ARP: "arp",
	unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_NETDEV: "netdev",
}

// nftablesChains reads the ruleset as the kernel keeps it. The library that flushes it leaves out of
// a rule what it does not know, and then two rules would look the same.
func nftablesChains() ([]packetChain, error) {
	chains, err := dumpNftables(unix.NFT_MSG_GETCHAIN)
	if err != nil || len(chains) == 0 {
		return nil, err
	}
	rules, err := dumpNftables(unix.NFT_MSG_GETRULE)
	if err != nil {
		return nil, err
	}
	sets, err := dumpNftables(unix.NFT_MSG_GETSET)
	if err != nil {
		return nil, err
	}
	found := parseChains(chains, rules)
	for _, set := range sets {
		described, err := describeSet(set)
		if err != nil {
			return nil, err
		}
		found = append(found, described)
	}
	return found, nil
}

// An nftObject is one answer of the kernel: a family of packets and attributes.
type nftObject struct {
	family     byte
	attributes map[uint16][]byte
}

func (o nftObject) text(attribute uint16) string {
	return string(bytes.TrimRight(o.attributes[attribute], "\x00"))
}

func (o nftObject) number(attribute uint16) uint32 {
	if value := o.attributes[attribute]; len(value) == 4 {
		return binary.BigEndian.Uint32(value)
	}
	return 0
}

// dumpNftables asks for all objects of one kind; a kernel without nftables has none.
func dumpNftables(message int, attributes ...nl.NetlinkRequestData) ([]nftObject, error) {
	return dumpFamily(unix.AF_UNSPEC, message, attributes...)
}

// dumpFamily asks for those of one family of packets.
func dumpFamily(family byte, message int, attributes ...nl.NetlinkRequestData) ([]nftObject, error) {
	request := nl.NewNetlinkRequest(message|unix.NFNL_SUBSYS_NFTABLES<<8, unix.NLM_F_DUMP)
	request.AddData(&nl.Nfgenmsg{NfgenFamily: family, Version: nl.NFNETLINK_V0})
	for _, attribute := range attributes {
		request.AddData(attribute)
	}
	answers, err := request.Execute(unix.NETLINK_NETFILTER, 0)
	if lacksSubsystem(err) || errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var objects []nftObject
	for _, answer := range answers {
		object, err := parseObject(answer)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func parseObject(answer []byte) (nftObject, error) {
	const head = nl.SizeofNfgenmsg
	if len(answer) < head {
		return nftObject{}, fmt.Errorf("an answer of %d bytes is too short", len(answer))
	}
	object, err := attributesOf(answer[head:])
	object.family = answer[0]
	return object, err
}

// attributesOf reads a list of attributes, of which none comes twice.
func attributesOf(data []byte) (nftObject, error) {
	// The library reads past the end of a last attribute that is not padded.
	for len(data)%unix.NLA_ALIGNTO != 0 {
		data = append(slices.Clip(data), 0)
	}
	attributes, err := nl.ParseRouteAttr(data)
	object := nftObject{attributes: map[uint16][]byte{}}
	for _, attribute := range attributes {
		object.attributes[plainType(attribute)] = attribute.Value
	}
	return object, err
}

// plainType is the number of an attribute without what it says of its form.
func plainType(attribute syscall.NetlinkRouteAttr) uint16 {
	return attribute.Attr.Type &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
}

func chainName(family byte, table, chain string) string {
	return fmt.Sprintf("nft %s %s %s", families[family], table, chain)
}

// parseChains puts rules into their chains, in the order in which the kernel goes through them.
func parseChains(chains, rules []nftObject) []packetChain {
	var parsed []packetChain
	for _, object := range chains {
		chain := packetChain{
			name:  chainName(object.family, object.text(unix.NFTA_CHAIN_TABLE), object.text(unix.NFTA_CHAIN_NAME)),
			about: "chain",
		}
		if hook := object.attributes[unix.NFTA_CHAIN_HOOK]; hook != nil {
			chain.policy = object.number(unix.NFTA_CHAIN_POLICY) == 0 // NF_DROP
			policy := "accept"
			if chain.policy {
				policy = "drop"
			}
			chain.about = fmt.Sprintf("%s at %s, policy %s", object.text(unix.NFTA_CHAIN_TYPE), describeHook(hook), policy)
		}
		parsed = append(parsed, chain)
	}
	for _, object := range rules {
		name := chainName(object.family, object.text(unix.NFTA_RULE_TABLE), object.text(unix.NFTA_RULE_CHAIN))
		if at := slices.IndexFunc(parsed, func(chain packetChain) bool { return chain.name == name }); at >= 0 {
			parsed[at].rules = append(parsed[at].rules, describeRule(object.attributes[unix.NFTA_RULE_EXPRESSIONS]))
		}
	}
	return parsed
}

func describeHook(hook []byte) string {
	object, err := attributesOf(hook)
	if err != nil {
		return "a hook"
	}
	return fmt.Sprintf("hook %d priority %d", object.number(unix.NFTA_HOOK_HOOKNUM), int32(object.number(unix.NFTA_HOOK_PRIORITY)))
}

// describeRule writes the expressions of a rule, without their counters. It is not what nft would
// write: two rules read the same when they do the same.
func describeRule(expressions []byte) string {
	attributes, err := nl.ParseRouteAttr(expressions)
	if err != nil {
		return "unreadable " + hex.EncodeToString(expressions)
	}
	var words []string
	for _, element := range attributes {
		parts, err := nl.ParseRouteAttr(element.Value)
		if err != nil {
			continue
		}
		var name string
		var data []byte
		for _, part := range parts {
			switch plainType(part) {
			case unix.NFTA_EXPR_NAME:
				name = string(bytes.TrimRight(part.Value, "\x00"))
			case unix.NFTA_EXPR_DATA:
				data = part.Value
			}
		}
		switch name {
		case "counter":
			// What it has counted is no part of the rule.
		case "quota", "limit", "connlimit", "last":
			words = append(words, name) // with what they have used of it
		case "immediate":
			words = append(words, describeImmediate(data))
		case "meta", "payload", "cmp":
			words = append(words, describeMatch(name, data))
		default:
			words = append(words, name+describeAttributes(data))
		}
	}
	return strings.Join(words, " ")
}

// metaKeys are what a rule can ask about a packet besides its bytes.
var metaKeys = map[uint32]string{
	3: "mark", 4: "iif", 5: "oif", 6: "iifname", 7: "oifname", 10: "skuid", 15: "nfproto",
	16: "l4proto",
}

// payloads are the fields of packets that rules look at most: header, offset and length.
var payloads = map[[3]uint32]string{
	{1, 12, 4}: "ip saddr", {1, 16, 4}: "ip daddr", {1, 8, 16}: "ip6 saddr", {1, 24, 16}: "ip6 daddr", {2, 0, 2}: "sport",
	{2, 2, 2}: "dport",
}

// operators are how a rule compares.
var operators = map[uint32]string{0: "=", 1: "!=", 2: "<", 3: "<=", 4: ">", 5: ">="}

// describeMatch writes the expressions that most rules are made of as a person would.
func describeMatch(name string, data []byte) string {
	object, err := attributesOf(data)
	if err != nil {
		return name + describeAttributes(data)
	}
	switch name {
	case "meta":
		if key := metaKeys[object.number(unix.NFTA_META_KEY)]; key != "" && object.attributes[unix.NFTA_META_SREG] == nil {
			return "meta " + key
		}
	case "payload":
		field := [3]uint32{
			object.number(unix.NFTA_PAYLOAD_BASE), object.number(unix.NFTA_PAYLOAD_OFFSET),
			object.number(unix.NFTA_PAYLOAD_LEN),
		}
		if known := payloads[field]; known != "" && object.attributes[unix.NFTA_PAYLOAD_SREG] == nil {
			return known
		}
	case "cmp":
		value := nested(object.attributes[unix.NFTA_CMP_DATA], unix.NFTA_DATA_VALUE)
		if operator := operators[object.number(unix.NFTA_CMP_OP)]; operator != "" && len(value) > 0 {
			return operator + " " + describeValue(value)
		}
	}
	return name + describeAttributes(data)
}

// describeValue writes what a packet is compared with: a number, an address, a name.
func describeValue(value []byte) string {
	switch len(value) {
	case 1:
		return fmt.Sprint(value[0])
	case 2:
		return fmt.Sprint(binary.BigEndian.Uint16(value))
	case 4, 16:
		if name := bytes.TrimRight(value, "\x00"); len(value) == 16 && isPrintable(name) {
			return string(name)
		}
		address, _ := netip.AddrFromSlice(value)
		return address.String()
	}
	return describeBytes(value)
}

// verdicts are what a rule does with a packet.
var verdicts = map[int32]string{
	0: "drop", 1: "accept", 3: "queue", -1: "continue", -2: "break", -3: "jump", -4: "goto",
	-5: "return",
}

// describeImmediate finds the verdict in an expression that has one.
func describeImmediate(data []byte) string {
	verdict := nested(nested(data, unix.NFTA_IMMEDIATE_DATA), unix.NFTA_DATA_VERDICT)
	code := nested(verdict, unix.NFTA_VERDICT_CODE)
	if len(code) != 4 {
		return "immediate" + describeAttributes(data)
	}
	word := verdicts[int32(binary.BigEndian.Uint32(code))]
	if chain := nested(verdict, unix.NFTA_VERDICT_CHAIN); chain != nil {
		word += " " + string(bytes.TrimRight(chain, "\x00"))
	}
	return word
}

// nested is the value of an attribute within others; nil when there is none.
func nested(data []byte, wanted uint16) []byte {
	object, err := attributesOf(data)
	if err != nil {
		return nil
	}
	return object.attributes[wanted]
}

// describeAttributes writes attributes as numbers, and as text what is text.
func describeAttributes(data []byte) string {
	attributes, err := nl.ParseRouteAttr(data)
	if err != nil || len(attributes) == 0 {
		return "(" + describeBytes(data) + ")"
	}
	var words []string
	for _, attribute := range attributes {
		if attribute.Attr.Type&unix.NLA_F_NESTED != 0 {
			words = append(words, fmt.Sprint(plainType(attribute), "=", describeAttributes(attribute.Value)))
			continue
		}
		words = append(words, fmt.Sprint(plainType(attribute), "=", describeBytes(attribute.Value)))
	}
	return "(" + strings.Join(words, " ") + ")"
}

func describeBytes(value []byte) string {
	text := bytes.TrimRight(value, "\x00")
	switch {
	case isPrintable(text):
		return string(text)
	case len(value) == 4:
		return fmt.Sprint(binary.BigEndian.Uint32(value))
	}
	return hex.EncodeToString(value)
}

func isPrintable(text []byte) bool {
	return len(text) > 1 && !bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// describeSet is a set as if it were a chain of which the elements are the rules. One whose elements
// come and go with packets has none.
func describeSet(set nftObject) (packetChain, error) {
	table, name := set.text(unix.NFTA_SET_TABLE), set.text(unix.NFTA_SET_NAME)
	described := packetChain{name: chainName(set.family, table, "set "+name), about: "set", policy: true}
	if set.number(unix.NFTA_SET_FLAGS)&(unix.NFT_SET_TIMEOUT|unix.NFT_SET_EVAL) != 0 {
		described.about = "set that packets fill"
		return described, nil
	}
	lists, err := dumpFamily(set.family, unix.NFT_MSG_GETSETELEM,
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_TABLE, nl.ZeroTerminated(table)),
		nl.NewRtAttr(unix.NFTA_SET_ELEM_LIST_SET, nl.ZeroTerminated(name)))
	if err != nil {
		return described, fmt.Errorf("list the set %s: %w", name, err)
	}
	for _, list := range lists {
		elements, err := nl.ParseRouteAttr(list.attributes[unix.NFTA_SET_ELEM_LIST_ELEMENTS])
		if err != nil {
			return described, err
		}
		for _, element := range elements {
			described.rules = append(described.rules, "element "+describeAttributes(nested(element.Value, unix.NFTA_SET_ELEM_KEY)))
		}
	}
	slices.Sort(described.rules)
	return described, nil
}
