//go:build linux

package node

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Goal: nobody is woken early, everybody is woken, and a caller can give up. Method: many wait for few
// moments, some of which have passed, in no order; one whose context ends.
func TestMetronome(t *testing.T) {
	metronome, err := newMetronome()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var waiting sync.WaitGroup
	for i := range 40 {
		until := start.Add(time.Duration(i%8-1) * 7 * time.Millisecond)
		waiting.Go(func() {
			err := metronome.wait(t.Context(), until)
			if late := time.Since(until); err != nil || late < -50*time.Microsecond || late > time.Second {
				t.Errorf("woken %v after the moment: %v", late, err)
			}
		})
	}
	waiting.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := metronome.wait(ctx, start.Add(time.Hour)); err == nil {
		t.Error("waited for an hour, or gave up without an error")
	}
	if err := metronome.wait(t.Context(), time.Now().Add(5*time.Millisecond)); err != nil {
		t.Error(err)
	}
}
