//go:build linux

package agentd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Legacy iptables has one interface: a socket option that takes a whole table. What follows is the
// layout of linux/netfilter/x_tables.h and of ip_tables.h and ip6_tables.h on 64-bit kernels.
const (
	optionInfo, optionReplace = 64, 64 // IPT_SO_GET_INFO to read, IPT_SO_SET_REPLACE to write

	nameSize       = 32
	hooks          = 5
	infoSize       = nameSize + 4 + 4*hooks + 4*hooks + 4 + 4
	replaceSize    = nameSize + 4 + 4 + 4 + 4*hooks + 4*hooks + 4 + 8
	targetHead     = 2 + 29 + 1 // its size, name and revision
	standardTarget = targetHead + 8
	errorTarget    = targetHead + 32
	countersSize   = 16 // of one rule: packets and bytes

	accept = -1 - 1 // NF_ACCEPT as the verdict of a rule: what is negative is no jump
)

// A tableFamily is iptables or ip6tables.
type tableFamily struct {
	names         string // lists the tables that somebody has used, in the namespace of the thread that looks
	domain, level int
	entrySize     int // of a rule without its target
	offsets       int // in a rule, of where its target is and where the next rule
}

var tableFamilies = []tableFamily{
	{names: "/proc/thread-self/net/ip_tables_names", domain: unix.AF_INET, level: unix.SOL_IP, entrySize: 112, offsets: 88},
	{names: "/proc/thread-self/net/ip6_tables_names", domain: unix.AF_INET6, level: unix.SOL_IPV6, entrySize: 168, offsets: 140},
}

// flushIptables makes every table what the kernel starts with: no rule, and chains that accept.
func flushIptables() error {
	for _, family := range tableFamilies {
		names, err := os.ReadFile(family.names)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the kernel has none
		}
		if err != nil {
			return err
		}
		for name := range strings.FieldsSeq(string(names)) {
			if err := family.flush(name); err != nil {
				return fmt.Errorf("table %s of %s: %w", name, family.names, err)
			}
		}
	}
	return nil
}

func (f tableFamily) flush(name string) error {
	socket, err := unix.Socket(f.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	info := make([]byte, infoSize)
	copy(info, name)
	length := uint32(len(info))
	if _, _, number := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), uintptr(f.level), optionInfo,
		uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&length)), 0); number != 0 {
		return fmt.Errorf("look at it: %w", number)
	}
	valid := binary.NativeEndian.Uint32(info[nameSize:])
	rules := binary.NativeEndian.Uint32(info[infoSize-8:])
	// The kernel hands the old rules' counters out, and wants room for exactly those.
	counters := make([]byte, max(1, rules)*countersSize)
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&counters[0])
	table := f.empty(name, valid)
	binary.NativeEndian.PutUint32(table[replaceSize-12:], rules)
	binary.NativeEndian.PutUint64(table[replaceSize-8:], uint64(uintptr(unsafe.Pointer(&counters[0]))))
	if _, _, number := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(socket), uintptr(f.level), optionReplace,
		uintptr(unsafe.Pointer(&table[0])), uintptr(len(table)), 0); number != 0 {
		return fmt.Errorf("replace it: %w", number)
	}
	return nil
}

// empty is a table in which each chain is the rule that accepts, and which ends with the rule that
// every table ends with. Where the counters go is left out.
func (f tableFamily) empty(name string, valid uint32) []byte {
	var rules []byte
	var count uint32
	var starts [hooks]uint32
	for hook := range starts {
		if valid&(1<<hook) == 0 {
			continue
		}
		starts[hook] = uint32(len(rules))
		verdict := make([]byte, standardTarget-targetHead)
		binary.NativeEndian.PutUint32(verdict, uint32(accept&0xffff_ffff))
		rules = append(rules, f.rule("", verdict)...)
		count++
	}
	ending := make([]byte, errorTarget-targetHead)
	copy(ending, "ERROR")
	rules = append(rules, f.rule("ERROR", ending)...)
	head := make([]byte, 0, replaceSize)
	head = append(head, make([]byte, nameSize)...)
	copy(head, name)
	for _, number := range []uint32{valid, count + 1, uint32(len(rules))} {
		head = binary.NativeEndian.AppendUint32(head, number)
	}
	for range 2 { // where each chain begins, and where its last rule is: the same
		for _, start := range starts {
			head = binary.NativeEndian.AppendUint32(head, start)
		}
	}
	head = append(head, make([]byte, replaceSize-len(head))...)
	return append(head, rules...)
}

// rule matches everything and does what the target says.
func (f tableFamily) rule(target string, parameters []byte) []byte {
	size := targetHead + len(parameters)
	rule := make([]byte, f.entrySize, f.entrySize+size)
	binary.NativeEndian.PutUint16(rule[f.offsets:], uint16(f.entrySize))
	binary.NativeEndian.PutUint16(rule[f.offsets+2:], uint16(f.entrySize+size))
	rule = binary.NativeEndian.AppendUint16(rule, uint16(size))
	rule = append(rule, make([]byte, targetHead-2)...)
	copy(rule[f.entrySize+2:], target)
	return append(rule, parameters...)
}
