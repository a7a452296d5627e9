package testkit

import (
	"strings"
	"testing"
	"time"
)

// Must ends the test unless all steps succeeded.
func Must(t *testing.T, steps ...error) {
	t.Helper()
	for i, err := range steps {
		if err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// Between fails the test unless a duration lies within the bounds.
func Between(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s is %v, not between %v and %v", what, got, low, high)
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
