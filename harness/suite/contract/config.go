package contract

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// The environment variables that hold a [Config].
const (
	// RunDirVariable is set in every run: a suite that finds it empty was started by a plain `go test`.
	RunDirVariable = "REPRISE_RUN_DIR"
	// ControlVariable and PhaseVariable also mean something in a plain `go test`.
	ControlVariable    = "REPRISE_CONTROL"
	PhaseVariable      = "REPRISE_PHASE"
	passVariable       = "REPRISE_PASS"
	repeatWithVariable = "REPRISE_REPEAT_WITH"
	cleanWithVariable  = "REPRISE_CLEAN_WITH"
	seedVariable       = "REPRISE_SEED"
	keepVariable       = "REPRISE_KEEP"
	liveVariable       = "REPRISE_LIVE"
	imagesVariable     = "REPRISE_IMAGES"
	findingsVariable   = "REPRISE_FINDINGS"
)

// A Config is what a suite is told about the run that it belongs to.
type Config struct {
	// RunDir is the folder where records go; "" when the suite was not started by a command.
	RunDir string
	// Control is the control arm that all drills of the run are.
	Control Arm
	// Pass counts the passes of a repeated run from 1; "" in a run of one pass.
	Pass string
	// RepeatWith is the line for a shell that runs a spec of the suite once more, with [Spec] in the place of its text; see
	// [Config.Repeat].
	RepeatWith string
	// CleanWith is the line for a shell that removes a lab which was kept.
	CleanWith string
	// Seed is that of the pass; the runner is given the same.
	Seed int64
	// Phase puts every fault off by a time drawn from the seed.
	Phase bool
	// Keep leaves the lab of the first failed spec running for a person to look at. No spec that follows has a lab beside it.
	Keep bool
	// Live says that standard output ends on a terminal, which a suite cannot see for itself.
	Live bool
	// Images has the suite make the images of the specs that would run, and run none.
	Images bool
	// Findings has the suite look for its images instead, and leave in the file of that name, as JSON, what the doctor says of
	// them: a list of doctor.Finding.
	Findings string
}

// FromEnvironment reads what [Config.Environment] has written. What is missing has its zero value. An error names a variable
// that cannot be understood.
func FromEnvironment() (Config, error) {
	set := func(name string) bool { return os.Getenv(name) != "" }
	config := Config{
		RunDir: os.Getenv(RunDirVariable), Control: Arm(os.Getenv(ControlVariable)), Pass: os.Getenv(passVariable),
		RepeatWith: os.Getenv(repeatWithVariable), CleanWith: os.Getenv(cleanWithVariable),
		Phase: set(PhaseVariable), Keep: set(keepVariable), Live: set(liveVariable), Images: set(imagesVariable),
		Findings: os.Getenv(findingsVariable),
	}
	if !config.Control.known() {
		return Config{}, fmt.Errorf("%s=%q is no control arm: it is %s or %s", ControlVariable, config.Control, WithoutFault,
			WithoutRunbook)
	}
	if seed := os.Getenv(seedVariable); seed != "" {
		number, err := strconv.ParseInt(seed, 10, 64)
		if err != nil {
			return Config{}, fmt.Errorf("%s=%q is no seed: it is a whole number", seedVariable, seed)
		}
		config.Seed = number
	}
	return config, nil
}

// Environment is the config as variables for a suite's process. All of them are there, so that none is inherited.
func (c Config) Environment() []string {
	flag := func(name string, set bool) string {
		if set {
			return name + "=1"
		}
		return name + "="
	}
	return []string{
		RunDirVariable + "=" + c.RunDir, ControlVariable + "=" + string(c.Control), passVariable + "=" + c.Pass,
		repeatWithVariable + "=" + c.RepeatWith, cleanWithVariable + "=" + c.CleanWith,
		seedVariable + "=" + strconv.FormatInt(c.Seed, 10),
		flag(PhaseVariable, c.Phase), flag(keepVariable, c.Keep), flag(liveVariable, c.Live), flag(imagesVariable, c.Images),
		findingsVariable + "=" + c.Findings,
	}
}

// Spec stands for the text of a spec in [Config.RepeatWith], within single quotes.
const Spec = "{spec}"

// Repeat is the line that runs the spec with that text once more. The text is put in as a regular expression. An apostrophe,
// which would end the quotes, is any character there.
func (c Config) Repeat(text string) string {
	return strings.ReplaceAll(c.RepeatWith, Spec, strings.ReplaceAll(regexp.QuoteMeta(text), "'", "."))
}

// RecordSuffix ends the identifiers of the records that a pass and a control arm leave: "" for the whole drill in a run of one
// pass.
func RecordSuffix(pass string, arm Arm) string {
	suffix := ""
	if pass != "" {
		suffix = "-pass-" + pass
	}
	if arm != WholeDrill {
		suffix += "-" + string(arm)
	}
	return suffix
}
