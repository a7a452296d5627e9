package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// errNoControls says that there is no run of control arms to tell of.
var errNoControls = errors.New("no run of control arms is there: run make controls first")

// controlsTable renders the newest run of control arms as a Markdown table. A run of some scenarios only
// counts when there is none of all of them. Without any, the error wraps errNoControls.
func controlsTable(root string) (string, error) {
	found, err := newestControls(root)
	if err != nil {
		return "", fmt.Errorf("tell of the control arms: %w", err)
	}
	var table strings.Builder
	table.WriteString("| Scenario | Specs | Arms red, as they must be | Not red | Not applicable | Time |\n|---|---|---|---|---|---|\n")
	for _, scenario := range found.scenarios() {
		specs := slices.DeleteFunc(slices.Clone(found.Specs), func(spec controlledSpec) bool { return spec.Scenario != scenario })
		var count controlCount
		count.add(specs...)
		var took time.Duration
		for _, spec := range specs {
			for _, outcome := range spec.Arms {
				took += outcome.Took
			}
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %v |\n", scenario, len(specs), count.red, count.notRed, count.notApplicable, took.Round(time.Second))
	}
	fmt.Fprintf(&table, "\nMeasured on %s with `%s`", found.Started.Format(time.DateOnly), found.Command)
	if problem := found.problem(); problem != "" {
		table.WriteString("; " + problem)
	}
	table.WriteString(".\n")
	return table.String(), nil
}

// newestControls reads the newest run of control arms, of all scenarios if there is one.
func newestControls(root string) (controls, error) {
	paths, err := filepath.Glob(filepath.Join(runsFolder(root), "*", controlsFile))
	if err != nil {
		return controls{}, err
	}
	var newest controls
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return controls{}, err
		}
		var found controls
		if err := json.Unmarshal(text, &found); err != nil {
			return controls{}, fmt.Errorf("read %s: %w", path, err)
		}
		if found.Schema != controlsSchema {
			continue // of another version of Reprise
		}
		if newest.Schema == "" || found.whole() && !newest.whole() || found.whole() == newest.whole() && found.Started.After(newest.Started) {
			newest = found
		}
	}
	if newest.Schema == "" {
		return controls{}, errNoControls
	}
	return newest, nil
}

// whole tells whether the run was one of all scenarios, to its end.
func (c *controls) whole() bool { return c.Labels == "" && c.Focus == "" && !c.Interrupted }

// scenarios are the folders of the specs, sorted.
func (c *controls) scenarios() []string {
	var folders []string
	for _, spec := range c.Specs {
		folders = append(folders, spec.Scenario)
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}
