//go:build linux

package inspect

import (
	"strings"
	"testing"
)

// Goal: whatever /proc and configuration files hold, a look at a node ends. Method: a socket, a process's lines and a file,
// changed at random.
func FuzzKernelTexts(f *testing.F) {
	f.Add("0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 1")
	f.Add("7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 12345 1 1")
	f.Add("Uid:\t0\t1\nGid:\t0\t1\nNSpid:\t7\t1\n")
	f.Add("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\x00-D\x00")
	f.Fuzz(func(_ *testing.T, text string) {
		for line := range strings.Lines(text) {
			parseSocket(line)
		}
		if one, err := parseStat([]byte(text)); err == nil {
			one.readStatus([]byte(text))
		}
		splitArguments([]byte(text))
		for range linesOf([]byte(text)) {
		}
		shortened(text)
	})
}
