package drbd

import (
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

const version = "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: 60F610B702CC05315B04B50\n"

// Goal: every state that a drill meets is read as the kernel writes it, and what is not its writing is refused.
// Method: what /proc/drbd of DRBD 8.4.11 said in those states.
func TestParseStatus(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		want   Status
		inSync bool
	}{
		"in sync": {
			" 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n    ns:1280 nr:0 dw:1276 dr:3221 al:9 bm:0 lo:0 " +
				"pe:0 ua:0 ap:0 ep:1 wo:f oos:0\n",
			Status{"Connected", "Primary", "Secondary", "UpToDate", "UpToDate", 0},
			true,
		},
		"the link is cut": {
			" 0: cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C r-----\n    ns:1300 nr:0 dw:1340 dr:3221 al:9 bm:0 lo:0 " +
				"pe:0 ua:0 ap:0 ep:1 wo:f oos:40\n",
			Status{"WFConnection", "Primary", "Unknown", "UpToDate", "DUnknown", 40},
			false,
		},
		"split brain": {
			" 0: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----\n    ns:0 nr:1276 dw:1316 dr:4541 al:3 bm:0 lo:0 pe:0 " +
				"ua:0 ap:0 ep:1 wo:f oos:32\n",
			Status{"StandAlone", "Primary", "Unknown", "UpToDate", "DUnknown", 32},
			false,
		},
		"copying": {
			" 0: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----\n    ns:0 nr:5120 dw:5120 dr:0 al:0 bm:0 lo:0 " +
				"pe:0 ua:0 ap:0 ep:1 wo:f oos:27572\n" +
				"\t[==>.................] sync'ed: 18.8% (27572/32692)K\n\tfinish: 0:00:05 speed: 5,120 (5,120) want: 8,320 K/sec\n",
			Status{"SyncTarget", "Secondary", "Primary", "Inconsistent", "UpToDate", 27572},
			false,
		},
		"without a disk": {
			" 0: cs:Connected ro:Secondary/Primary ds:Diskless/UpToDate C r-----\n",
			Status{"Connected", "Secondary", "Primary", "Diskless", "UpToDate", 0},
			false,
		},
		"never brought up": {"", Status{Connection: Unconfigured}, false},
		"taken down":       {" 0: cs:Unconfigured\n", Status{Connection: Unconfigured}, false},
		"a second disk is another's": {
			" 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n 1: cs:StandAlone ro:Secondary/Unknown " +
				"ds:UpToDate/DUnknown C r-----\n    ns:0 oos:8\n",
			Status{"Connected", "Primary", "Secondary", "UpToDate", "UpToDate", 0},
			true,
		},
	} {
		got, err := ParseStatus(version + c.text)
		if err != nil || got != c.want || got.InSync() != c.inSync {
			t.Errorf("%s: read as %+v (in sync: %t), %v", name, got, got.InSync(), err)
		}
	}
	for text, want := range map[string]string{
		"":                                "it does not begin with a version",
		"<html>":                          "it does not begin with a version",
		version + " 0: cs:Connected ro:x": `"ro:x" is not of two sides`,
		version + " 0: cs:Connected oos:": `"oos:" is no number`,
	} {
		_, err := ParseStatus(text)
		labtest.Expect(t, err, want)
	}
}

// Goal: a status reads in an error as an administrator knows it. Method: write two.
func TestStatusString(t *testing.T) {
	for want, status := range map[string]Status{
		"cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown": {"WFConnection", "Primary", "Unknown", "UpToDate", "DUnknown", 40},
		"cs:Unconfigured": {Connection: Unconfigured},
	} {
		if got := status.String(); got != want {
			t.Errorf("written as %q, want %q", got, want)
		}
	}
}
