package main

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// Goal: only what keeps every drill from running is an error; each finding is one line with its
// advice. Method: findings of each health.
func TestTell(t *testing.T) {
	fine := doctor.Finding{Subject: "disk", Health: doctor.Healthy, Detail: "60 GiB free"}
	warned := doctor.Finding{Subject: "registry", Health: doctor.Warning, Detail: "no answer", Advice: "nothing has to be done"}
	missing := doctor.Finding{Subject: "engine", Health: doctor.Missing, Detail: "there is no socket"}
	for _, test := range []struct {
		findings []doctor.Finding
		fails    bool
	}{
		{[]doctor.Finding{fine}, false},
		{[]doctor.Finding{fine, warned}, false},
		{[]doctor.Finding{fine, warned, missing}, true},
	} {
		var out strings.Builder
		err := tell(&out, test.findings)
		if (err != nil) != test.fails {
			t.Errorf("%v: %v", test.findings, err)
		}
		if lines := strings.Count(out.String(), "\n"); lines != len(test.findings) {
			t.Errorf("%d findings are %d lines:\n%s", len(test.findings), lines, out.String())
		}
		if len(test.findings) > 1 && !strings.Contains(out.String(), "warn     registry      no answer: nothing has to be done\n") {
			t.Errorf("the advice is missing:\n%s", out.String())
		}
	}
}
