//go:build linux

package supervisor

import "testing"

// Goal: whatever the list of mounts holds, it is read. Method: a line with characters that the kernel escapes, changed at random.
func FuzzMounts(f *testing.F) {
	f.Add(`36 35 98:0 /root /a\040point rw,noatime master:1 - ext3 /dev/root rw` + "\n")
	f.Fuzz(func(t *testing.T, list string) {
		for _, one := range parseMounts(list) {
			if one.point == "" {
				t.Errorf("%q has a mount without a place", list)
			}
		}
	})
}
