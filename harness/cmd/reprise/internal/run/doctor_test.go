package run

import (
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// Goal: what suites say of their images is told, of several with their folder; one that says nothing, and one that cannot be
// compiled, is a warning with the reason, and keeps nobody else from being asked. Method: suites of each kind.
func TestDoctorAsksSuites(t *testing.T) {
	says := `echo '[{"Subject":"images","Health":"warn","Detail":"not there: acme bookworm","Advice":"wait"}]' > "$REPRISE_FINDINGS"`
	var out strings.Builder
	run := ofSuites(t, &out, Options{}, map[string]string{"aaa": says, "bbb": "echo 'no engine'; exit 1", "ccc": ""})
	findings, err := run.examineSuites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []doctor.Finding{
		{Subject: "images", Health: doctor.Warning, Detail: "aaa: not there: acme bookworm", Advice: "wait"},
		{
			Subject: "images", Health: doctor.Warning, Detail: "bbb: the suite does not say which images it wants: no engine",
			Advice: "a drill says more",
		},
		{
			Subject: "images", Health: doctor.Warning, Detail: "ccc: the suite cannot be compiled: rain.go:3: undefined: cloud",
			Advice: "a drill says more",
		},
	}
	if len(findings) != len(want) {
		t.Fatalf("the findings are %+v", findings)
	}
	for i := range want {
		if findings[i] != want[i] {
			t.Errorf("got  %+v\nwant %+v", findings[i], want[i])
		}
	}
	alone := ofSuites(t, &out, Options{}, map[string]string{"aaa": says})
	if findings, err = alone.examineSuites(t.Context()); err != nil || findings[0].Detail != "not there: acme bookworm" {
		t.Errorf("of one suite: %+v, %v", findings, err)
	}
}
