package engine

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a system that runs containers gets what they need and never the machine: its own cgroups, no privilege, and
// only the network's settings of the kernel can be written. Others get their capabilities and nothing else, not even those that
// engines give by themselves, and no program gains privileges unless there is a reason. Method: ConfigureContainer for all.
func TestConfigureContainer(t *testing.T) {
	var ordinary container.HostConfig
	ConfigureContainer(harness.System{}, harness.Capabilities{"IPC_LOCK": "a test"}, &ordinary)
	confined := container.HostConfig{
		CapDrop: []string{"ALL"}, CapAdd: []string{"IPC_LOCK"}, SecurityOpt: []string{"no-new-privileges"},
	}
	if !sameRights(ordinary, confined) {
		t.Errorf("an ordinary system gets %+v", ordinary)
	}
	var gaining container.HostConfig
	ConfigureContainer(harness.System{NewPrivileges: "a test"}, nil, &gaining)
	if want := (container.HostConfig{CapDrop: []string{"ALL"}}); !sameRights(gaining, want) {
		t.Errorf("a system whose programs gain privileges gets %+v", gaining)
	}
	host := container.HostConfig{SecurityOpt: []string{"apparmor=unconfined"}}
	ConfigureContainer(harness.System{Containers: true}, harness.ContainerCapabilities(), &host)
	if host.Privileged || host.CgroupnsMode != container.CgroupnsModePrivate ||
		!slices.Equal(host.CapAdd, harness.ContainerCapabilities().Names()) {
		t.Errorf("privileged: %t, cgroup namespace %q, capabilities %q", host.Privileged, host.CgroupnsMode, host.CapAdd)
	}
	if want := []string{"apparmor=unconfined", "no-new-privileges", "seccomp=unconfined"}; !slices.Equal(host.SecurityOpt, want) {
		t.Errorf("security options %q, want %q", host.SecurityOpt, want)
	}
	if len(host.Devices) != 1 || host.Devices[0].PathInContainer != "/dev/kmsg" ||
		strings.Contains(host.Devices[0].CgroupPermissions, "w") {
		t.Errorf("devices %+v", host.Devices)
	}
	for _, folder := range []string{"/proc/sys/vm", "/proc/sys/kernel", "/proc/sys/fs", "/proc/sysrq-trigger"} {
		if !slices.Contains(host.ReadonlyPaths, folder) {
			t.Errorf("%s of the machine can be written", folder)
		}
	}
	for _, folder := range append(host.ReadonlyPaths, host.MaskedPaths...) {
		if strings.HasPrefix("/proc/sys/net", folder) || len(folder) == 0 {
			t.Errorf("the node's own network cannot be set up: %q is closed", folder)
		}
	}
}

// sameRights compares what ConfigureContainer may set.
func sameRights(a, b container.HostConfig) bool {
	return slices.Equal(a.CapAdd, b.CapAdd) && slices.Equal(a.CapDrop, b.CapDrop) && slices.Equal(a.SecurityOpt, b.SecurityOpt) &&
		a.CgroupnsMode == b.CgroupnsMode && a.Privileged == b.Privileged &&
		len(a.MaskedPaths)+len(a.ReadonlyPaths)+len(a.Devices) == len(b.MaskedPaths)+len(b.ReadonlyPaths)+len(b.Devices)
}

// Goal: a system's folders are volumes without names, which go with the container. Method: two folders, and none.
func TestVolumes(t *testing.T) {
	got := Volumes(harness.System{Volumes: []string{"/var/lib/rancher", "/data"}})
	if want := []string{"/data", "/var/lib/rancher"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Errorf("volumes %v, want %q", got, want)
	}
	if got := Volumes(harness.System{}); len(got) > 0 {
		t.Errorf("without any there are %v", got)
	}
}

// Goal: a device of the machine is given where it is there, and never asked of an engine elsewhere: a container that
// asks for one that is not there does not start. Method: a file for the device; none; and engines here and elsewhere.
func TestUseDevice(t *testing.T) {
	device := filepath.Join(t.TempDir(), "kvm")
	given := func() int {
		var host container.HostConfig
		useDevice(device, &host)
		return len(host.Devices)
	}
	if given() != 0 {
		t.Error("a device that is not there was given")
	}
	testkit.Must(t, os.WriteFile(device, nil, 0o600))
	for engine, want := range map[string]int{"": 1, "unix:///run/docker.sock": 1, "ssh://elsewhere": 0, "tcp://10.0.0.1:2375": 0} {
		t.Setenv("DOCKER_HOST", engine)
		if got := given(); got != want {
			t.Errorf("DOCKER_HOST=%q: %d devices, want %d", engine, got, want)
		}
	}
}

// Goal: a processor counts as able to run virtual machines by its flags alone. Method: what kernels say of three.
func TestCanVirtualise(t *testing.T) {
	for flags, want := range map[string]bool{
		"flags\t\t: fpu vme vmx ssse3": true, "flags\t\t: fpu svm lahf_lm": true,
		"flags\t\t: fpu hypervisor ssse3\nvmx flags\t: vnmi": false, "": false,
	} {
		path := filepath.Join(t.TempDir(), "cpuinfo")
		testkit.Must(t, os.WriteFile(path, []byte(flags), 0o600))
		if got := canVirtualise(path); got != want {
			t.Errorf("%q: %t", flags, got)
		}
	}
	if canVirtualise(filepath.Join(t.TempDir(), "missing")) {
		t.Error("a machine that says nothing of its processors can run virtual machines")
	}
}
