package drbd

import "testing"

// Goal: whatever /proc/drbd holds, reading it ends. Method: a status, changed at random.
func FuzzStatus(f *testing.F) {
	f.Add("version: 8.4.11 (api:1/proto:86-101)\n 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n" +
		"    ns:0 oos:0\n")
	f.Fuzz(func(t *testing.T, text string) {
		if status, err := ParseStatus(text); err == nil && status.OutOfSync < 0 {
			t.Errorf("%d KiB are out of sync", status.OutOfSync)
		}
	})
}
