package lab

import "testing"

// Goal: whatever a product prints, its log is read, oldest line first. Method: lines with and without a time, changed at
// random.
func FuzzLog(f *testing.F) {
	f.Add("2026-01-02T00:00:02Z second\n  its continuation\n2026-01-02T00:00:01.5Z first\r\n")
	f.Fuzz(func(t *testing.T, output string) {
		lines := parseLog(output)
		for i := 1; i < len(lines); i++ {
			if lines[i].At.Before(lines[i-1].At) {
				t.Errorf("line %d is older than the one before", i)
			}
		}
	})
}
