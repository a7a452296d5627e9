package run

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/reprise-dr/reprise/fixtures"
	"github.com/reprise-dr/reprise/harness/internal/supervise"
	"github.com/reprise-dr/reprise/harness/lab/doctor"
)

// Doctor looks for what this machine and its engine lack for drills: in a clone of Reprise with the images of its fixtures, else
// with those of the suites that packages name, which are compiled and say themselves which they want.
func Doctor(ctx context.Context, out io.Writer, packages []string) ([]doctor.Finding, error) {
	chosen := Options{Packages: packages, Target: "doctor"}
	root, ofFixtures, err := chosen.ofFixtures()
	if err != nil {
		return nil, err
	}
	if ofFixtures {
		return doctor.Examine(ctx, fixtures.Images(), Doing()), nil
	}
	findings := doctor.ExamineMachine(ctx, Doing())
	if len(findings) == 1 { // there is no engine, which every suite would say again
		return findings, nil
	}
	known, err := chosen.catalog(ctx, root)
	if err != nil {
		return append(findings, doctor.Finding{
			Subject: "images", Health: doctor.Warning, Detail: fmt.Sprintf("not looked for: %v", err), Advice: "name packages with drills",
		}), nil
	}
	chosen.Folders = known.Folders
	run := &chaosRun{Options: chosen, root: root, compile: compileSuites, out: out}
	ofSuites, err := run.examineSuites(ctx)
	return append(findings, ofSuites...), err
}

// examineSuites asks each suite for its images.
func (r *chaosRun) examineSuites(ctx context.Context) ([]doctor.Finding, error) {
	folder, remove, err := supervise.MakeTemporary()
	if err != nil {
		return nil, err
	}
	defer func() { _ = remove() }() // what stays, `reprise clean` removes
	r.compiled = folder
	if err := r.compileAll(ctx); err != nil {
		return nil, err
	}
	var findings []doctor.Finding
	by := map[doctor.Finding][]string{} // which suites say it
	for _, one := range r.suites {
		ofSuite, err := r.examineSuite(ctx, one)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			ofSuite = []doctor.Finding{{Subject: "images", Health: doctor.Warning, Detail: err.Error(), Advice: "a drill says more"}}
		}
		for _, finding := range ofSuite {
			if by[finding] == nil {
				findings = append(findings, finding)
			}
			by[finding] = append(by[finding], one.folder)
		}
	}
	for i, finding := range findings {
		if folders := by[finding]; len(folders) < len(r.suites) { // what all say is no suite's own
			findings[i].Detail = strings.Join(folders, ", ") + ": " + finding.Detail
		}
	}
	return findings, nil
}

// examineSuite asks one suite. An error says in a sentence why it did not answer.
func (r *chaosRun) examineSuite(ctx context.Context, one suite) ([]doctor.Finding, error) {
	if one.program == "" {
		return nil, fmt.Errorf("the suite cannot be compiled: %s", one.problem)
	}
	config := r.config(one, r.Seed, "")
	config.Findings = filepath.Join(r.compiled, one.fileName()+".findings.json")
	said, runErr := combinedOutput(ctx, r.suiteFolder(one), config.Environment(), one.program)
	text, err := os.ReadFile(config.Findings)
	if err != nil {
		return nil, fmt.Errorf("the suite does not say which images it wants: %s", cmp.Or(lastLines(said, 1), fmt.Sprint(runErr)))
	}
	var findings []doctor.Finding
	if err := json.Unmarshal(text, &findings); err != nil {
		return nil, fmt.Errorf("read what the suite says of its images: %w", err)
	}
	return findings, nil
}
