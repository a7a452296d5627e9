package engine

import (
	"os"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/agent"
)

// ConfigureContainer gives a system's container the rights that its description asks for: these capabilities and no others.
func ConfigureContainer(system harness.System, capabilities harness.Capabilities, host *container.HostConfig) {
	limitCapabilities(host, capabilities.Names())
	if system.NewPrivileges == "" {
		forbidNewPrivileges(host)
	}
	if system.Containers {
		runContainers(host)
	}
	if system.SystemDisk > 0 {
		UseDisks(host)
	}
	if system.Hypervisor && canVirtualise(processors) {
		useDevice(kvm, host)
	}
}

// Confine gives a container these capabilities and no others, and lets no program in it gain privileges when it is started.
func Confine(host *container.HostConfig, capabilities []string) {
	limitCapabilities(host, capabilities)
	forbidNewPrivileges(host)
}

func limitCapabilities(host *container.HostConfig, capabilities []string) {
	host.CapDrop, host.CapAdd = []string{"ALL"}, capabilities
}

func forbidNewPrivileges(host *container.HostConfig) {
	host.SecurityOpt = append(host.SecurityOpt, "no-new-privileges")
}

// Volumes are a system's folders on disks of their own. They have no names, and so go with the container.
func Volumes(system harness.System) map[string]struct{} {
	folders := map[string]struct{}{}
	for _, folder := range system.Volumes {
		folders[folder] = struct{}{}
	}
	if system.SystemDisk > 0 {
		folders[agent.SystemDiskFolder] = struct{}{}
	}
	return folders
}

// runContainers gives a system's container what a container runtime in it needs, and no more: it is
// never privileged, and none of it reaches the machine. Capabilities are the topology's to name.
func runContainers(host *container.HostConfig) {
	// With a cgroup namespace of its own, what the kubelet calls the root of all cgroups is this
	// container's, and goes with it.
	host.CgroupnsMode = container.CgroupnsModePrivate
	// The default profile forbids keyrings, of which runc makes one for every container.
	host.SecurityOpt = append(host.SecurityOpt, "seccomp=unconfined")
	// The network's settings are the node's own and must be writable; the others stay read-only.
	host.MaskedPaths = []string{
		"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi",
		"/sys/firmware",
	}
	host.ReadonlyPaths = []string{
		"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger",
		"/proc/sys/abi", "/proc/sys/debug", "/proc/sys/dev", "/proc/sys/fs", "/proc/sys/kernel", "/proc/sys/vm",
	}
	// The kubelet reads the kernel's log to learn who was killed for want of memory.
	host.Devices = append(host.Devices, container.DeviceMapping{
		PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg",
		CgroupPermissions: "r",
	})
}

// kvm is the device by which QEMU runs virtual machines on the processor itself.
const kvm = "/dev/kvm"

// processors is where the kernel says what the machine's processors can.
const processors = "/proc/cpuinfo"

// canVirtualise tells whether the processors run virtual machines themselves. There are kernels with /dev/kvm on processors
// that do not, as in a virtual machine: what they make up for breaks off in the middle of a guest's boot ("KVM internal
// error ... emulation failure").
func canVirtualise(path string) bool {
	said, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(said)) {
		if name, flags, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			can := strings.Fields(flags)
			return slices.Contains(can, "vmx") || slices.Contains(can, "svm") // of Intel; of AMD. All processors are alike
		}
	}
	return false
}

// useDevice gives a system's container a device of the machine where that has it and the engine is on it. Of an engine
// on another machine nobody here knows what it has.
func useDevice(device string, host *container.HostConfig) {
	engine := os.Getenv("DOCKER_HOST") // which Connect sets, but for the default
	if engine != "" && !strings.HasPrefix(engine, "unix://") {
		return
	}
	if _, err := os.Stat(device); err == nil {
		host.Devices = append(host.Devices, container.DeviceMapping{
			PathOnHost: device, PathInContainer: device,
			CgroupPermissions: "rw",
		})
	}
}

// UseDisks lets a system's container make block devices of files. The rule is about all of the engine's: a
// device that is free has no number before it is made.
func UseDisks(host *container.HostConfig) {
	const control = "/dev/loop-control"
	host.Devices = append(host.Devices, container.DeviceMapping{
		PathOnHost: control, PathInContainer: control,
		CgroupPermissions: "rw",
	})
	host.DeviceCgroupRules = append(host.DeviceCgroupRules, "b 7:* rmw")
}
