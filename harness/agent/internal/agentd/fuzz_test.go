//go:build linux

package agentd

import "testing"

// Goal: whatever the kernel answers about packet filters, reading it ends. Method: answers and tables, changed at random.
func FuzzFilters(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x08\x00\x01\x00filt"))
	f.Add(make([]byte, 512))
	f.Fuzz(func(_ *testing.T, answer []byte) {
		_, _ = parseObject(answer)
		for _, family := range tableFamilies {
			_, _ = family.parse("filter", make([]byte, 1<<10), answer)
		}
	})
}
