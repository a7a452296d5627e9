package k3s

import "testing"

// Goal: whatever k3s prints of its snapshots and whatever a manifest holds, reading it ends. Method: one of each, changed at
// random.
func FuzzTexts(f *testing.F) {
	f.Add([]byte(`{"items":[{"spec":{"snapshotName":"a","nodeName":"server-1","location":"file:///x"},` +
		`"status":{"size":"1","readyToUse":true}}]}`))
	f.Add([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n---\n# nothing\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = parseSnapshots(text)
		objects, err := parseManifest(text)
		if err == nil && len(objects) == 0 {
			t.Error("a manifest without an object is none")
		}
	})
}
