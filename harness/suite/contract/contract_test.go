package contract

import (
	"slices"
	"strings"
	"testing"
)

// take sets the environment of this process.
func take(t *testing.T, environment []string) {
	t.Helper()
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

// Goal: a suite reads what the command has written, and nothing of what the command has inherited. Method: a config in which
// everything is set and one in which nothing is, by way of the environment, the empty one last.
func TestConfigGoesThroughTheEnvironment(t *testing.T) {
	for _, config := range []Config{
		{
			RunDir: "/runs/1", Control: WithoutRunbook, Pass: "2", RepeatWith: "make chaos FOCUS='" + Spec + "$$' SEED=-7", Seed: -7,
			CleanWith: "make clean", Phase: true, Keep: true, Live: true, Images: true,
			Findings: "/tmp/findings.json",
		},
		{},
	} {
		take(t, config.Environment())
		if got, err := FromEnvironment(); err != nil || got != config {
			t.Errorf("%+v is read as %+v, %v", config, got, err)
		}
	}
}

// Goal: a slip in the environment is an error that names the variable, and does not turn control arms into ordinary drills.
// Method: known and unknown values, one at a time.
func TestUnknownValuesAreRefused(t *testing.T) {
	for variable, refused := range map[string]bool{
		"REPRISE_CONTROL=": false, "REPRISE_CONTROL=without-fault": false, "REPRISE_CONTROL=without-runbook": false,
		"REPRISE_CONTROL=without": true, "REPRISE_CONTROL=1": true, "REPRISE_SEED=": false, "REPRISE_SEED=seven": true,
	} {
		take(t, append(Config{}.Environment(), variable))
		_, err := FromEnvironment()
		if name, _, _ := strings.Cut(variable, "="); (err != nil) != refused || refused && !strings.Contains(err.Error(), name+"=") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

// Goal: the line that repeats a spec chooses that spec alone and survives the shell; one without a place for a spec stays as it
// is. Method: a text with an apostrophe and with what regular expressions mean something by.
func TestRepeatNamesTheSpec(t *testing.T) {
	config := Config{RepeatWith: "make chaos FOCUS='" + Spec + "$$' SEED=7"}
	if got, want := config.Repeat("It's (rain)"), `make chaos FOCUS='It.s \(rain\)$$' SEED=7`; got != want {
		t.Errorf("the line is %s, want %s", got, want)
	}
	if got := (Config{RepeatWith: "make verdicts SEED=7"}).Repeat("rain"); got != "make verdicts SEED=7" {
		t.Errorf("the line is %s", got)
	}
}

// Goal: records of passes and arms never have the same identifier. Method: the suffixes of all combinations.
func TestRecordSuffixes(t *testing.T) {
	var suffixes []string
	for _, pass := range []string{"", "1", "2"} {
		for _, arm := range []Arm{WholeDrill, WithoutFault, WithoutRunbook} {
			suffixes = append(suffixes, RecordSuffix(pass, arm))
		}
	}
	if suffixes[0] != "" || suffixes[4] != "-pass-1-without-fault" {
		t.Errorf("the suffixes are %q", suffixes)
	}
	slices.Sort(suffixes)
	if len(slices.Compact(suffixes)) != 9 {
		t.Errorf("some of %q are the same", suffixes)
	}
}
