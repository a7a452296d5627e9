//go:build unix

package reports

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Goal: what is no file is refused, and keeps nobody waiting. Method: a pipe that nobody writes into, and a folder.
func TestReadRecordRefusesWhatIsNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "record.json")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "is no file: it is a pipe", t.TempDir(): "is no file: it is a folder"} {
		if _, err := ReadRecord(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
