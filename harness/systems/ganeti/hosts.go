package ganeti

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// A host is a line of a file of hosts.
type host struct {
	address netip.Addr
	names   []string
}

// hostsIn are the lines of a file of hosts that name somebody.
func hostsIn(text []byte) []host {
	var hosts []host
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if at, err := netip.ParseAddr(words[0]); err == nil {
			hosts = append(hosts, host{at, words[1:]})
		}
	}
	return hosts
}

// find looks a name up in a file of hosts.
func find(text []byte, name string) (netip.Addr, error) {
	for _, host := range hostsIn(text) {
		if slices.Contains(host.names, name) {
			return host.address, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s does not name %s", hostsFile, name)
}
