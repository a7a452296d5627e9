package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Capabilities are Linux capabilities by their names, such as "SYS_ADMIN", each with what the system needs it for, in a few
// words.
type Capabilities map[string]string

// Names are the capabilities' names, in order.
func (c Capabilities) Names() []string { return slices.Sorted(maps.Keys(c)) }

// Has tells whether a capability is among them.
func (c Capabilities) Has(name string) bool {
	_, has := c[name]
	return has
}

// With are these and further ones. Of one that is in both, the reason of the first is kept.
func (c Capabilities) With(further ...Capabilities) Capabilities {
	all := Capabilities{}
	for _, more := range slices.Backward(further) {
		maps.Copy(all, more)
	}
	maps.Copy(all, c)
	return all
}

// ContainerCapabilities are what a system needs that runs containers of its own: what its runtime needs to make them, and what
// it gives each of them by default. SYS_RESOURCE is not among them: some engines cannot grant it.
func ContainerCapabilities() Capabilities {
	const (
		runtime = "the runtime sets up containers"
		given   = "the runtime gives it to containers"
	)
	return Capabilities{
		"NET_ADMIN":  "the runtime connects containers to networks",
		"SYS_ADMIN":  "the runtime mounts the containers' file systems and makes their namespaces",
		"SYS_PTRACE": "the runtime enters the namespaces of a container's process",
		"SYSLOG":     "the kubelet reads the kernel's log",
		"SYS_CHROOT": runtime, "SETPCAP": runtime, "MKNOD": runtime,
		"CHOWN": given, "DAC_OVERRIDE": given, "FOWNER": given, "FSETID": given, "KILL": given, "SETGID": given, "SETUID": given,
		"NET_BIND_SERVICE": given, "NET_RAW": given, "SETFCAP": given, "AUDIT_WRITE": given,
	}
}

// maxReason is how long a reason may be that stands in a table, in bytes.
const maxReason = 120

// validReason checks a reason that a topology has to give.
func validReason(node, what, reason string) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return fmt.Errorf("node %s does not say %s: give the reason in a few words", node, what)
	case len(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl):
		return fmt.Errorf("node %s says %s in %d bytes: a reason is one line of at most %d", node, what, len(reason), maxReason)
	}
	return nil
}

func validCapability(node, capability string) error {
	bare := strings.TrimPrefix(strings.ToUpper(capability), "CAP_")
	switch {
	case bare == "ALL" || bare == "PRIVILEGED":
		return fmt.Errorf("node %s asks for the capability %q: name the ones it needs", node, capability)
	case !slices.Contains(capabilities, bare):
		return fmt.Errorf("node %s asks for the capability %q, which Linux does not have", node, capability)
	case bare != capability:
		return fmt.Errorf("node %s asks for the capability %q: it is spelt %s here", node, capability, bare)
	}
	return nil
}

// capabilities are the names Linux knows, without CAP_, from capabilities(7) and linux/capability.h.
var capabilities = []string{
	"AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
	"DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
	"LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE",
	"NET_BROADCAST", "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN",
	"SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
}
