package supervise

import (
	"os"
	"testing"
)

// Goal: a program that ends well because its starter is gone leaves an orphan, also when the supervisor was starved and learns of
// both at once: before, it left its temporary files and the labs of its run behind. Method: a program that has ended, and a
// starter of which this process has not been told yet; beside it one that is there.
func TestProgramThatEndsWithItsStarter(t *testing.T) {
	nobody := group{leader: -1}
	for _, gone := range []bool{true, false} {
		ended := make(chan error, 1)
		ended <- nil
		starter := lifeline{gone: make(chan struct{}), hungUp: func() bool { return gone }}
		if orphan, err := nobody.follow(ended, starter, nil, 0); orphan != gone || err != nil {
			t.Errorf("the starter is gone: %v, and the program is an orphan: %v, %v", gone, orphan, err)
		}
	}
}

// Goal: the kernel tells of a lifeline whose other end is closed, and of no other. Method: a pipe, before and after.
func TestPipeHungUp(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	descriptor := int(read.Fd())
	before := pipeHungUp(descriptor)
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if after := pipeHungUp(descriptor); before || !after {
		t.Errorf("its other end is closed: %v, and after it was: %v", before, after)
	}
}
