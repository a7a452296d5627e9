package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// FormatDuration writes a duration as every report does: with three significant digits below a
// minute (350 ms, 14.2 s), in whole seconds below an hour (2 min 05 s), in whole minutes above
// (1 h 05 min). A value that is exact loses the zeros that say nothing: a target of ten minutes is
// "10 min", a measurement of 10 min 0.3 s is "10 min 00 s".
func FormatDuration(d time.Duration) string {
	if d < 0 {
		return "-" + FormatDuration(-max(d, -math.MaxInt64)) // the least duration has no positive one
	}
	switch rounded := roundToShown(d); {
	case d == 0:
		return "0 s"
	case rounded < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case rounded < time.Millisecond:
		return significant(d, time.Microsecond) + " µs"
	case rounded < time.Second:
		return significant(d, time.Millisecond) + " ms"
	case rounded < time.Minute:
		return significant(d, time.Second) + " s"
	case rounded < time.Hour:
		return mixed(rounded, d, time.Minute, "min", time.Second, "s")
	default:
		return mixed(rounded, d, time.Hour, "h", time.Minute, "min")
	}
}

// roundToShown is the value that will be shown, so that 59.97 s becomes a minute and not 60.0 s.
func roundToShown(d time.Duration) time.Duration {
	switch {
	case d >= time.Hour-30*time.Second:
		return d.Round(time.Minute)
	case d >= time.Minute-50*time.Millisecond:
		return d.Round(time.Second)
	}
	step := time.Duration(1)
	for d.Round(step) >= 1000*step {
		step *= 10
	}
	return d.Round(step)
}

// significant is d in the given unit with three significant digits.
func significant(d, unit time.Duration) string {
	value := float64(roundToShown(d)) / float64(unit)
	decimals := 2
	if value >= 100 {
		decimals = 0
	} else if value >= 10 {
		decimals = 1
	}
	text := strconv.FormatFloat(value, 'f', decimals, 64)
	if decimals > 0 && roundToShown(d) == d {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// mixed writes a value in two units, such as minutes and seconds.
func mixed(rounded, exact, unit time.Duration, name string, smaller time.Duration, smallerName string) string {
	whole, rest := rounded/unit, rounded%unit/smaller
	if rest == 0 && rounded == exact {
		return fmt.Sprintf("%d %s", whole, name)
	}
	return fmt.Sprintf("%d %s %02d %s", whole, name, rest, smallerName)
}

// offset is a time relative to t0, with its sign.
func offset(at time.Duration) string {
	switch {
	case at == 0:
		return "0 s"
	case at > 0:
		return "+" + FormatDuration(at)
	default:
		return FormatDuration(at)
	}
}

// declaredTime is what a person declared to take, "-" when nothing.
func declaredTime(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return FormatDuration(d)
}

// unbroken is a duration that never breaks at the end of a line.
func unbroken(d time.Duration) string { return glue(FormatDuration(d)) }
