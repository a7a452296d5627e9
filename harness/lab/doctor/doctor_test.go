package doctor

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/moby/moby/api/types/system"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/lab/engine/enginetest"
	"github.com/reprise-dr/reprise/harness/lab/image"
)

// Goal: without an engine the doctor says that and nothing else, since all else would be guessed.
// Method: an address where there is none.
func TestDoctorWithoutAnEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere/engine.sock")
	for name, findings := range examined(t) {
		if len(findings) != 1 || findings[0].Health != Missing || !strings.Contains(findings[0].Detail, "/nowhere/engine.sock") {
			t.Errorf("%s: the findings are %v", name, findings)
		}
	}
}

// examined are the findings of the doctor and of its parts.
func examined(t *testing.T) map[string][]Finding {
	t.Helper()
	return map[string][]Finding{
		"all": Examine(t.Context(), nil, "test"), "the machine": ExamineMachine(t.Context(), "test"),
		"images": ExamineImages(t.Context(), nil),
	}
}

// Goal: the doctor's parts are all that it looks at, each once. Method: compare what they find with what it finds.
func TestPartsOfTheDoctor(t *testing.T) {
	t.Setenv("DOCKER_HOST", enginetest.Empty(t))
	t.Setenv(image.AgentVariable, "reprise/agent:7")
	t.Setenv(image.PullVariable, "never")
	subjects := func(findings []Finding) string {
		var all []string
		for _, finding := range findings {
			all = append(all, finding.Subject)
		}
		return strings.Join(all, ", ")
	}
	found := examined(t)
	if whole := subjects(found["the machine"]) + ", " + subjects(found["images"]); subjects(found["all"]) != whole {
		t.Errorf("all of it is %s, and its parts are %s", subjects(found["all"]), whole)
	}
	if images := subjects(found["images"]); images != "images, registry, packages" {
		t.Errorf("of images it says %s", images)
	}
}

// Goal: an engine that greets and does not describe itself is the only finding, with what it says. Method: one that refuses
// everything else.
func TestDoctorOnAnEngineThatRefuses(t *testing.T) {
	t.Setenv("DOCKER_HOST", enginetest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message": "it is shutting down"}`, http.StatusInternalServerError)
	}))
	for name, findings := range examined(t) {
		if len(findings) != 1 || findings[0].Health != Missing || !strings.Contains(findings[0].Detail, "it is shutting down") {
			t.Errorf("%s: the findings are %v", name, findings)
		}
	}
}

// Goal: an engine that goes away while it is looked at is the only finding too: what else is asked would say it again, or advise
// what helps nobody. Method: one that describes itself, and refuses everything once something else is asked.
func TestDoctorOnAnEngineThatGoes(t *testing.T) {
	t.Setenv(image.AgentVariable, "reprise/agent:7")
	wanted := []harness.Image{{Name: "acme", Version: "7", Reference: "acme:7"}}
	for name, examine := range map[string]func() []Finding{
		"all":    func() []Finding { return Examine(t.Context(), wanted, "test") },
		"images": func() []Finding { return ExamineImages(t.Context(), wanted) },
	} {
		var gone atomic.Bool
		t.Setenv("DOCKER_HOST", enginetest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/info") {
				gone.Store(true)
			}
			if gone.Load() {
				http.Error(w, `{"message": "it is shutting down"}`, http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"ID": "the one that goes", "SystemTime": "2026-01-20T03:00:00Z"}`)
		}))
		findings := examine()
		if len(findings) != 1 || findings[0].Subject != "engine" || !strings.Contains(findings[0].Detail, "it is shutting down") {
			t.Errorf("%s: the findings are %v", name, findings)
		}
	}
}

// Goal: a machine is warned about when it has too few processors or too little memory, and not
// otherwise. Method: machines on both sides of each threshold.
func TestCheckMachine(t *testing.T) {
	for _, test := range []struct {
		processors int
		memory     int64
		want       Health
	}{
		{enoughProcessors, enoughMemory, Healthy},
		{enoughProcessors - 1, enoughMemory, Warning},
		{enoughProcessors, enoughMemory - 1, Warning},
	} {
		health, _, advice := checkMachine(t.Context(), &machine{info: system.Info{NCPU: test.processors, MemTotal: test.memory}})
		if health != test.want || (advice == "") != (test.want == Healthy) {
			t.Errorf("%d processors and %d bytes are %s with the advice %q, want %s", test.processors, test.memory, health, advice,
				test.want)
		}
	}
}

// Goal: an engine is warned about for each limit that it cannot set, and not otherwise. Method: engines that lack one or nothing.
func TestCheckLimits(t *testing.T) {
	able := system.Info{MemoryLimit: true, SwapLimit: true, PidsLimit: true}
	for _, test := range []struct {
		change func(*system.Info)
		lacks  string
	}{
		{func(*system.Info) {}, ""},
		{func(info *system.Info) { info.MemoryLimit = false }, "of memory"},
		{func(info *system.Info) { info.SwapLimit, info.PidsLimit = false, false }, "of swap, processes"},
	} {
		info := able
		test.change(&info)
		health, detail, advice := checkLimits(t.Context(), &machine{info: info})
		if (health == Healthy) != (test.lacks == "") || (advice == "") != (test.lacks == "") || !strings.HasSuffix(detail, test.lacks) {
			t.Errorf("an engine that cannot limit what is taken %s: %s, %q, %q", test.lacks, health, detail, advice)
		}
	}
}

// Goal: free space is found for a folder that does not exist yet, as a cache on a fresh machine.
// Method: a deep folder below one that exists has the same space as that one, give or take what
// others write meanwhile.
func TestFreeSpaceOfAFolderToBe(t *testing.T) {
	existing := t.TempDir()
	want, err := freeSpace(existing)
	testkit.Must(t, err)
	got, err := freeSpace(existing + "/to/be/made")
	testkit.Must(t, err)
	if want == 0 || got < want/2 || got > want*2 {
		t.Errorf("%d bytes are free below the folder to be, and %d above it", got, want)
	}
}

// Goal: what is wrong with REPRISE_PULL is a finding, and "never" is respected. Method: both; nobody
// may be asked, which a machine without an engine would not survive.
func TestCheckRegistryRespectsNever(t *testing.T) {
	for value, want := range map[string]Health{"never": Healthy, "perhaps": Missing} {
		t.Setenv(image.PullVariable, value)
		if health, detail, _ := checkRegistry(t.Context(), &machine{}); health != want {
			t.Errorf("%s=%s is %s (%s), want %s", image.PullVariable, value, health, detail, want)
		}
	}
}

// Goal: the doctor says which way each image of Debian packages takes, and what to do when there is none. Method: a machine with
// and without packages, with and without a registry.
func TestDoctorSaysWherePackagesComeFrom(t *testing.T) {
	base := harness.Image{Name: "debian", Version: "bookworm", Reference: "debian:bookworm-slim"}
	none := errors.New("this machine (Fedora Linux 43) has no apt source of Debian bookworm")
	const made = "3 images of Debian bookworm packages are to be made"
	const here = "by this machine's own apt, which installs nothing here"
	for _, test := range []struct {
		refusal, amiss error
		health         Health
		detail, advice string
	}{
		{nil, nil, Healthy, made + ": the system from a registry (debian:bookworm-slim), the packages " + here, ""},
		{errors.New("no such host"), nil, Healthy, made + ": system and packages " + here, ""},
		{nil, none, Healthy, made + ": system and packages from a registry (debian:bookworm-slim) and from where that says", ""},
		{
			errors.New("no such host"), none, Warning,
			made + ", and cannot be: this machine (Fedora Linux 43) has no apt source of Debian bookworm, " +
				"and debian:bookworm-slim cannot be pulled",
			"let the engine reach a registry, or build on a Debian bookworm",
		},
	} {
		health, detail, advice := sayPackages(3, base, test.refusal, test.amiss)
		if health != test.health || detail != test.detail || advice != test.advice {
			t.Errorf("got  %s, %s, %s\nwant %s, %s, %s", health, detail, advice, test.health, test.detail, test.advice)
		}
	}
}
