package protocol

import (
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
)

// recorder notes each write. It waits with the first until it may.
type recorder struct {
	may    chan struct{}
	writes []string
	fail   error
}

func (r *recorder) Read([]byte) (int, error) { return 0, io.EOF }

func (r *recorder) Close() error { return nil }

func (r *recorder) Write(p []byte) (int, error) {
	<-r.may
	if r.fail != nil {
		return 0, r.fail
	}
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

// Goal: what is written while the stream is busy goes out in one piece and in order; a writer that is far ahead waits;
// a failure reaches those that write later. Method: a stream that waits.
func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := &recorder{may: make(chan struct{})}
		joined := Join(stream)
		write := func(text string) {
			if n, err := joined.Write([]byte(text)); n != len(text) || err != nil {
				t.Errorf("write %q: %d, %v", text[:1], n, err)
			}
		}
		write("a")
		synctest.Wait()
		write("b")
		write("c")
		write(string(make([]byte, joinedMost)))
		ahead := make(chan struct{})
		go func() { write("d"); close(ahead) }()
		synctest.Wait()
		select {
		case <-ahead:
			t.Error("a writer is further ahead than it may be")
		default:
		}
		close(stream.may)
		<-ahead
		synctest.Wait()
		if len(stream.writes) != 3 || !slices.Equal([]string{stream.writes[0], stream.writes[1][:2], stream.writes[2]},
			[]string{"a", "bc", "d"}) {
			t.Errorf("there were %d writes", len(stream.writes))
		}
		stream.fail = errors.New("broken")
		write("e")
		synctest.Wait()
		if _, err := joined.Write([]byte("f")); !errors.Is(err, stream.fail) || !errors.Is(joined.Ended(), stream.fail) {
			t.Errorf("after a failure: %v, %v", err, joined.Ended())
		}
	})
}

// Goal: the end of the stream is known, and the first reason stays. Method: read to the end, then close.
func TestJoinKnowsTheEnd(t *testing.T) {
	joined := Join(&recorder{})
	if joined.Ended() != nil {
		t.Errorf("it has ended before: %v", joined.Ended())
	}
	_, err := joined.Read(make([]byte, 1))
	if closing := joined.Close(); !errors.Is(err, io.EOF) || closing != nil || !errors.Is(joined.Ended(), io.EOF) {
		t.Errorf("read %v, close %v, ended %v", err, closing, joined.Ended())
	}
}
