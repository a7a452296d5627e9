package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/testkit"
	"github.com/reprise-dr/reprise/harness/judge"
	"github.com/reprise-dr/reprise/reports"
)

// Goal: the exit status tells the user's mistakes from drills that went wrong. Method: a table.
func TestStatus(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		says   string
	}{
		{nil, 0, ""},
		{run.ErrRed, 1, ""},
		{errors.Join(run.ErrRed, errors.New("said already")), 1, ""},
		{usage.Errorf("unknown label %q", "smoek"), 2, "reprise: unknown label \"smoek\"\n"},
		{io.ErrUnexpectedEOF, 1, "reprise: unexpected EOF\n"},
		{errors.New("the engine said \x1b[31mred\nand more"), 1, "reprise: the engine said \\x1b[31mred\nand more\n"},
	} {
		var problems strings.Builder
		if got := status(test.err, &problems); got != test.status || problems.String() != test.says {
			t.Errorf("%v gives %d and %q, want %d and %q", test.err, got, problems.String(), test.status, test.says)
		}
	}
}

// Goal: a wrong command line is one sentence and starts nothing. Method: the program itself, with an
// engine that cannot be reached: whoever tries to start something says so.
func TestWrongCommandLines(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere/engine.sock")
	for _, test := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"choas"}, `unknown command "choas": did you mean chaos?`},
		{[]string{"chaos", "--labels", "smoek"}, `unknown label "smoek": did you mean smoke?`},
		{[]string{"chaos", "--focus", "("}, "missing closing )"},
		{[]string{"chaos", "--repeat", "0"}, "it has to be from 1 to 1000"},
		{[]string{"chaos", "--repeat", "1000000000"}, "it has to be from 1 to 1000"},
		{[]string{"chaos", "--seed", "seven"}, `--seed takes a whole number, and "seven" is none: see reprise chaos --help`},
		{[]string{"chaos", "--seed", "99999999999999999999"}, `--seed takes a whole number, and "99999999999999999999" is too large`},
		{[]string{"chaos", "--seed"}, "--seed needs a value"},
		{[]string{"chaos", "--labels", "\x1b[31msmoke"}, `the labels "\x1b[31msmoke" have a control character`},
		{[]string{"chaos", "smoke"}, `takes no argument "smoke"`},
		{[]string{"controls", "--labels", "smoek"}, `unknown label "smoek": did you mean smoke?`},
		{[]string{"controls", "--focus", "("}, "missing closing )"},
		{[]string{"controls", "smoke"}, `takes no argument "smoke"`},
		{[]string{"chaos", "./nowhere/..."}, "read the package ./nowhere/..."},
		{[]string{"controls", "./internal/usage"}, "no package that ./internal/usage names has tests that import"},
		{[]string{"chaos", "./nowhere", "--seed=7"}, "read the package "},
		{[]string{"repro"}, "which postmortem?"},
		{[]string{"repro", "--id", "1999-12-31-end"}, `unknown postmortem "1999-12-31-end"`},
		{[]string{"repro", "--id", "help"}, `unknown postmortem "help"; known ids:`},
		{[]string{"rejudge"}, "judge which records?"},
		{[]string{"clean", "--image"}, "there is no flag --image"},
	} {
		var out strings.Builder
		err := command(&out).Run(t.Context(), append([]string{"reprise"}, test.arguments...))
		var wrong usage.Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error is %v, want one line with %q", test.arguments, err, test.want)
		}
		if out.Len() > 0 {
			t.Errorf("%q prints %q", test.arguments, out.String())
		}
	}
}

// Goal: rejudging finds a verdict that no longer follows from its record. Method: a record that
// claims to be met although nothing in it says so.
func TestRejudgeFindsAChangedVerdict(t *testing.T) {
	folder := t.TempDir()
	record := harness.Record{Schema: harness.RecordSchema, ID: "rain", Scenario: "flood", Title: "Rain falls"}
	record.Judgement.Verdict = harness.Met
	testkit.Must(t, reports.WriteRecord(folder, record))
	var out strings.Builder
	err := rejudge(&out, []string{folder})
	testkit.Expect(t, err, "1 of 1 records are judged differently now")
	record.Judgement = judge.Judge(record)
	testkit.Must(t, reports.WriteRecord(folder, record))
	testkit.Expect(t, rejudge(&out, []string{folder}), "")
}
