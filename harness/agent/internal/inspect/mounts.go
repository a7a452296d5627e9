//go:build linux

package inspect

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// containerMounts are where container runtimes and kubelets mount what their containers need.
var containerMounts = regexp.MustCompile(
	`^(/var/lib/(kubelet|docker|containerd)/|/run/(k3s|containerd|docker|netns)/|/var/lib/rancher/k3s/agent/containerd/|/reprise$|.*/netns/)`)

// loopDevice is numbered by who comes first on the machine.
var loopDevice = regexp.MustCompile(`^/dev/(loop|dm-)[0-9]+`)

// private are options of file systems that hold folders drawn by chance, or that the kernel works out.
var private = []string{
	"lowerdir=", "upperdir=", "workdir=", "index=", "xino=", "uuid=", "nfs_export=", "inode64", "inode32",
	"seclabel", "nr_inodes=", "stripe=",
}

// mounts lists mount points with type, source and options.
func (l *look) mounts(context.Context) ([]harness.Trait, error) {
	content, err := l.readOptional("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var traits []harness.Trait
	for line := range strings.Lines(string(content)) {
		if trait, ok := mountTrait(line); ok {
			traits = append(traits, trait)
		}
	}
	return traits, nil
}

// mountTrait reads "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue".
func mountTrait(line string) (harness.Trait, bool) {
	place, system, found := strings.Cut(strings.TrimSpace(line), " - ")
	fields, rest := strings.Fields(place), strings.Fields(system)
	if !found || len(fields) < 6 || len(rest) < 2 {
		return harness.Trait{}, false
	}
	point := unescape.Replace(fields[4])
	if containerMounts.MatchString(point) || withoutChance(point) != point {
		return harness.Trait{}, false
	}
	options := strings.Split(fields[5], ",")
	if len(rest) > 2 {
		options = append(options, strings.Split(rest[2], ",")...)
	}
	options = slices.DeleteFunc(options, func(option string) bool {
		return slices.ContainsFunc(private, func(prefix string) bool { return strings.HasPrefix(option, prefix) })
	})
	// Both halves say rw or ro: a file system that can only be read makes the mount so.
	if slices.Contains(options, "ro") {
		options = slices.DeleteFunc(options, func(option string) bool { return option == "rw" })
	}
	slices.Sort(options)
	source := loopDevice.ReplaceAllString(withoutChance(unescape.Replace(rest[1])), "/dev/$1*")
	value := rest[0] + " from " + source + " " + strings.Join(slices.Compact(options), ",")
	return harness.Trait{Kind: harness.KindMount, Key: point, Value: value}, true
}

// unescape undoes what the kernel does to characters that would break the list.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
