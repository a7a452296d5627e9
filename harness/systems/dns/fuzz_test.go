package dns

import "testing"

// Goal: whatever a zone's file holds, reading it ends with records, of which the first is its SOA record and none has a TTL of
// 0, or with an error. Method: a zone, changed at random.
func FuzzZone(f *testing.F) {
	f.Add([]byte(zoneText))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, err := parse("reprise.test", text)
		if err != nil {
			return
		}
		if err := raiseSerial(records); err != nil {
			t.Error(err)
		}
		for _, record := range records {
			if record.Header().Ttl == 0 {
				t.Errorf("%v has a TTL of 0", record)
			}
		}
		render(records)
	})
}
