package reports

import (
	"testing"
	"time"
)

// TestFormatDuration checks the way every report writes durations. Method: a table of values around
// each change of unit and each place where rounding carries over into the next one.
func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                   "0 s",
		86:                                  "86 ns",
		10 * time.Microsecond:               "10 µs",
		86400:                               "86.4 µs",
		350 * time.Microsecond:              "350 µs",
		999600:                              "1.00 ms",
		350 * time.Millisecond:              "350 ms",
		863456 * time.Microsecond:           "863 ms",
		999400 * time.Microsecond:           "999 ms",
		999600 * time.Microsecond:           "1.00 s",
		time.Second:                         "1 s",
		1500 * time.Millisecond:             "1.5 s",
		1504 * time.Millisecond:             "1.50 s",
		9996 * time.Millisecond:             "10.0 s",
		14200 * time.Millisecond:            "14.2 s",
		14234 * time.Millisecond:            "14.2 s",
		30 * time.Second:                    "30 s",
		30010 * time.Millisecond:            "30.0 s",
		59940 * time.Millisecond:            "59.9 s",
		59960 * time.Millisecond:            "1 min 00 s",
		time.Minute:                         "1 min",
		125 * time.Second:                   "2 min 05 s",
		10 * time.Minute:                    "10 min",
		10*time.Minute + 300e6:              "10 min 00 s",
		59*time.Minute + 59400*1e6:          "1 h 00 min",
		time.Hour:                           "1 h",
		65 * time.Minute:                    "1 h 05 min",
		26*time.Hour + 10*time.Minute + 1e9: "26 h 10 min",
		-1500 * time.Millisecond:            "-1.5 s",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}
