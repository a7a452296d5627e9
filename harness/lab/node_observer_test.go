package lab

import (
	"testing"

	"github.com/moby/moby/api/types/container"
)

// Goal: on a busy machine the observer is run when it wakes, and it never runs out of ports. Method: what its container
// is created with.
func TestObserverIsRunBeforeOthers(t *testing.T) {
	host := &container.HostConfig{Sysctls: map[string]string{}}
	observe(host)
	if host.CPUShares <= 100*1024 || host.Sysctls["net.ipv4.tcp_tw_reuse"] != "1" ||
		host.Sysctls["net.ipv4.ip_local_port_range"] == "" {
		t.Errorf("the observer's container: %d shares, %v", host.CPUShares, host.Sysctls)
	}
}
