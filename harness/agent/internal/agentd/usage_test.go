//go:build linux

package agentd

import "testing"

// Goal: the memory is read from the right line, and a line that is missing or odd is an error.
// Method: pieces of /proc/self/status, good and bad.
func TestPeakMemory(t *testing.T) {
	got, err := peakMemory("VmPeak:\t 1234 kB\nVmHWM:\t   16384 kB\nVmRSS:\t 12000 kB\n")
	if err != nil || got != 16<<20 {
		t.Errorf("read %d bytes, %v", got, err)
	}
	for _, status := range []string{"", "VmRSS:\t 12000 kB\n", "VmHWM:\t lots kB\n", "VmHWM:\t 12000 MB\n"} {
		if got, err := peakMemory(status); err == nil {
			t.Errorf("read %d bytes out of %q", got, status)
		}
	}
}
