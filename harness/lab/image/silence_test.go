package image

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: a build that says nothing for a minute is told about, and one that talks is not. Method: the test's own clock; a
// build that talks every 50 s, then none for 150 s.
func TestSilenceIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := &events{}
		silence := (&resolver{progress: said}).tellSilence(testImage(), "the engine's build")
		for range 4 {
			time.Sleep(50 * time.Second)
			silence.heard()
		}
		if said.String() != "" {
			t.Errorf("of a build that talks it says %q", said)
		}
		time.Sleep(150 * time.Second)
		silence.stop()
		time.Sleep(time.Hour)
		want := "product 1.2.3+k3s1: the engine's build has said nothing for 1m0s\nproduct 1.2.3+k3s1: the engine's build has said " +
			"nothing for 2m0s"
		if said.String() != want {
			t.Errorf("it says %q", said)
		}
	})
}

// Goal: cleaning takes everything that builds and runs have left in the cache, and nothing that is in use or complete. Method: a
// cache with one of each kind, abandoned and in use.
func TestCleanCache(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{
		"binary-1/nomad", "binary-2.partial-9/source", "binary-3.partial-9/source", "archives-4/0", "archives-5/0", "here-6/agent",
		"temporary-7/go-build1/b001", "temporary-8/go-build2/b001", "locks/binary-2", "locks/image-5", "locks/here-6",
	} {
		testkit.Must(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		testkit.Must(t, os.WriteFile(filepath.Join(root, path), nil, 0o600))
	}
	for _, key := range []string{"binary-3", "image-5"} {
		lock := flock.New(filepath.Join(root, "locks", key))
		if locked, err := lock.TryLock(); !locked || err != nil {
			t.Fatal(key, err)
		}
		defer func() { _ = lock.Unlock() }()
	}
	used, err := os.Open(filepath.Join(root, "temporary-8"))
	testkit.Must(t, err)
	defer used.Close()
	testkit.Must(t, syscall.Flock(int(used.Fd()), syscall.LOCK_SH))
	removed, err := cleanCache(root)
	testkit.Must(t, err)
	if want := []string{"archives-4", "binary-2.partial-9", "temporary-7"}; !slices.Equal(removed, want) {
		t.Errorf("removed %q, want %q", removed, want)
	}
	left, err := filepath.Glob(filepath.Join(root, "*", "*"))
	testkit.Must(t, err)
	var names bytes.Buffer
	for _, path := range left {
		name, err := filepath.Rel(root, path)
		testkit.Must(t, err)
		names.WriteString(name + "\n")
	}
	if want := "archives-5/0\nbinary-1/nomad\nbinary-3.partial-9/source\nhere-6/agent\n" +
		"locks/binary-3\nlocks/image-5\ntemporary-8/go-build2\n"; names.String() != want {
		t.Errorf("left\n%swant\n%s", names.String(), want)
	}
}
