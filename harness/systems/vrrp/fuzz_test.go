package vrrp

import "testing"

// Goal: whatever a router's configuration holds, reading it ends with settings or an error. Method: lines of both files,
// changed at random.
func FuzzSettings(f *testing.F) {
	f.Add("vrrp_script up {\n interval 1\n fall 2\n rise 2\n}\nvrrp_instance one {\n priority 100\n advert_int 1\n}\n")
	f.Add("interface out\n ip ospf hello-interval 1\n ip ospf dead-interval 4\n ip ospf bfd\n")
	f.Fuzz(func(_ *testing.T, text string) {
		settings, priority := defaultSettings(), 0
		if readKeepalived(&settings, text, &priority) == nil {
			_ = readOSPF(&settings, text, &priority)
		}
	})
}
