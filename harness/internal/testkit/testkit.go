package testkit

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Must ends the test unless all steps succeeded.
func Must(t testing.TB, steps ...error) {
	t.Helper()
	for i, err := range steps {
		if err != nil && len(steps) > 1 {
			err = fmt.Errorf("step %d: %w", i+1, err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Expect fails the test unless an error contains what is wanted; "" wants none.
func Expect(t testing.TB, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

// Between fails the test unless a duration lies within the bounds.
func Between(t testing.TB, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %v, not between %v and %v", what, got, low, high)
	}
}

// Contains fails the test unless a text has every part. What it is goes into the failure, such as "the table".
func Contains(t testing.TB, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

// ContainsAll tells whether a text has every part.
func ContainsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
