package suite

import (
	"syscall"
	"testing"
	"time"
)

// Goal: Ctrl-C ends the making of images, which is before the runner takes care of it. Method: send it to this process.
func TestInterruptEndsTheMakingOfImages(t *testing.T) {
	ctx, stop := untilInterrupted()
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("the signal changed nothing")
	}
}
