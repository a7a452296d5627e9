package lab

import (
	"slices"
	"testing"

	"github.com/moby/moby/api/types/container"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/lab/engine"
)

// Goal: a system with a disk of its own gets what it takes to make block devices, and a volume for it; one that disks
// can be attached to gets the same and the disks' volume, once each, from the observer: without a name, so that it goes with
// the last container. Others get nothing. Method: one of each is configured, in a lab with disks and one without.
func TestConfigureContainerDisks(t *testing.T) {
	able := harness.System{Command: []string{"server"}, Capabilities: harness.Capabilities{"SYS_ADMIN": "a test"}}
	own := able
	own.SystemDisk = harness.MinimumSystemDisk
	for _, test := range []struct {
		name    string
		system  harness.System
		disks   []harness.Disk
		devices int
		from    []string
	}{
		{"none", able, nil, 0, []string{"agent"}},
		{"its own", own, nil, 1, []string{"agent"}},
		{"attached", able, []harness.Disk{{}}, 1, []string{"observer", "agent"}},
		{"both", own, []harness.Disk{{}}, 1, []string{"observer", "agent"}},
		{"cannot mount", harness.System{Command: able.Command}, []harness.Disk{{}}, 0, []string{"agent"}},
	} {
		host := container.HostConfig{VolumesFrom: []string{"agent"}}
		lab := &Lab{carrier: newDiskCarrier(harness.Topology{Disks: test.disks})}
		var config container.Config
		for _, created := range lab.carryDisks(harness.VantageObserver, &config) {
			_ = created(t.Context(), "observer")
		}
		if _, carries := config.Volumes["/reprise-disks"]; carries != (test.disks != nil) || lab.carryDisks("store", &config) != nil {
			t.Errorf("%s: the observer carries the volume: %t", test.name, carries)
		}
		engine.ConfigureContainer(test.system, test.system.Capabilities, &host)
		if err := lab.shareDisks(t.Context(), test.system, &host); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if len(host.Devices) != test.devices || len(host.DeviceCgroupRules) != test.devices ||
			!slices.Equal(host.VolumesFrom, test.from) || host.Privileged ||
			!slices.Equal(host.SecurityOpt, []string{"no-new-privileges"}) {
			t.Errorf("%s: %+v", test.name, host)
		}
		if _, volume := engine.Volumes(test.system)["/reprise-system-disk"]; volume != (test.system.SystemDisk > 0) {
			t.Errorf("%s: the volume for its own disk is there: %t", test.name, volume)
		}
	}
}
