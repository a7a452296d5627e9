package main

import "testing"

// Goal: of two runs that begin in the same moment, before either has a lab, one is refused; and when the other has ended,
// it may. Method: take the lock twice.
func TestOneRunAtATime(t *testing.T) {
	folder := t.TempDir()
	release, err := lockRuns(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockRuns(folder); err == nil {
		t.Error("two runs go on at once")
	}
	release()
	again, err := lockRuns(folder)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	again()
}
