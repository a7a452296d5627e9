//go:build linux

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Try tries in this container what a system that runs containers of its own will do in its. Disk is a
// folder like those of [harness.System.Volumes]. The error is the first thing that cannot be done; what
// was tried goes with the container.
func Try(disk string) error {
	for _, attempt := range []struct {
		what string
		do   func() error
	}{
		{"share mounts with containers inside", OpenContainers},
		{"have a cgroup namespace of its own", func() error { return tryCgroupNamespace("/proc/self/cgroup") }},
		{"write the network's settings", func() error { return trySetting("/proc/sys/net/ipv4/ip_forward") }},
		{"manage cgroups", tryCgroups},
		{"mount an overlay on a volume (the kernel's overlay file system)", func() error { return tryOverlay(disk) }},
		{"make a bridge and a pair of virtual links (the kernel's bridge and veth)", tryLinks},
		{"make a table of the packet filter (the kernel's nf_tables)", tryFilter},
		{"read the kernel's log (/dev/kmsg)", tryKernelLog},
	} {
		if err := attempt.do(); err != nil {
			return fmt.Errorf("%s: %w", attempt.what, err)
		}
	}
	return nil
}

// tryCgroupNamespace reads which cgroups this process is in: the top ones, in a namespace that was made for it. In the machine's
// a kubelet would take the machine's for its own. Engines that cannot make one ignore that they are asked to.
func tryCgroupNamespace(list string) error {
	content, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); !strings.HasSuffix(line, ":/") {
			return fmt.Errorf("the engine leaves containers in the machine's: %s", line)
		}
	}
	return nil
}

// trySetting writes a setting as it is. Engines that cannot make a part of them writable ignore that they are asked to.
func trySetting(path string) error {
	value, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, value, 0)
}

// tryCgroups makes a cgroup in every hierarchy there is.
func tryCgroups() error {
	if err := OpenCgroups(); err != nil {
		return err
	}
	tried := 0
	for _, mount := range mounts() {
		if mount.kind != "cgroup" && mount.kind != "cgroup2" {
			continue
		}
		made := filepath.Join(mount.point, "reprise-trial")
		if err := os.Mkdir(made, 0o755); err != nil {
			return err
		}
		if err := os.Remove(made); err != nil {
			return err
		}
		tried++
	}
	if tried == 0 {
		return errors.New("there is none")
	}
	return nil
}

func tryOverlay(disk string) error {
	paths := map[string]string{}
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		paths[name] = filepath.Join(disk, name)
		if err := os.MkdirAll(paths[name], 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", paths["lower"], paths["upper"], paths["work"])
	if err := unix.Mount("overlay", paths["merged"], "overlay", 0, options); err != nil {
		return err
	}
	return unix.Unmount(paths["merged"], unix.MNT_DETACH)
}

func tryLinks() error {
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "trial0"}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return err
	}
	pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "trial1"}, PeerName: "trial2"}
	if err := netlink.LinkAdd(pair); err != nil {
		return err
	}
	return errors.Join(netlink.LinkDel(pair), netlink.LinkDel(bridge))
}

func tryFilter() error {
	filter, err := nftables.New()
	if err != nil {
		return err
	}
	table := filter.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "reprise-trial"})
	if err := filter.Flush(); err != nil {
		return err
	}
	filter.DelTable(table)
	return filter.Flush()
}

func tryKernelLog() error {
	file, err := os.Open("/dev/kmsg")
	if err != nil {
		return err
	}
	return file.Close()
}
