package run

import (
	"os"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// Goal: that there is no engine is said once, and no suite is compiled to say it again. Method: a module with drills, where
// DOCKER_HOST leads nowhere.
func TestDoctorSaysOnceThatThereIsNoEngine(t *testing.T) {
	t.Chdir(t.TempDir())
	testkit.Must(t, os.WriteFile("go.mod", []byte("module example.com/acme\n"), 0o600))
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	for _, packages := range [][]string{nil, {"./drills/..."}} {
		var out strings.Builder
		findings, err := Doctor(t.Context(), &out, packages)
		if err != nil || len(findings) != 1 || findings[0].Subject != "engine" || findings[0].Health != doctor.Missing {
			t.Errorf("%q: %+v, %v", packages, findings, err)
		}
		if out.String() != "" {
			t.Errorf("%q: it says %q", packages, out.String())
		}
	}
}

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
	says = strings.Replace(says, "acme", "shop", 1)
	both := ofSuites(t, &out, Options{}, map[string]string{"aaa": says, "bbb": says, "ccc": ""})
	if findings, err = both.examineSuites(t.Context()); err != nil || len(findings) != 2 ||
		findings[0].Detail != "aaa, bbb: not there: shop bookworm" {
		t.Errorf("what two of three say is %+v, %v", findings, err)
	}
	all := ofSuites(t, &out, Options{}, map[string]string{"aaa": says, "bbb": says})
	if findings, err = all.examineSuites(t.Context()); err != nil || len(findings) != 1 ||
		findings[0].Detail != "not there: shop bookworm" {
		t.Errorf("what all say is %+v, %v", findings, err)
	}
	says = strings.Replace(says, "shop", "acme", 1)
	alone := ofSuites(t, &out, Options{}, map[string]string{"aaa": says})
	if findings, err = alone.examineSuites(t.Context()); err != nil || findings[0].Detail != "not there: acme bookworm" {
		t.Errorf("of one suite: %+v, %v", findings, err)
	}
}
