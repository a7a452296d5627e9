package contracts

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/fault"
	"github.com/reprise-dr/reprise/harness/probe"
	"github.com/reprise-dr/reprise/harness/runbook"
	"github.com/reprise-dr/reprise/harness/suite"
	"github.com/reprise-dr/reprise/harness/suite/contract"
	"github.com/reprise-dr/reprise/harness/suite/outcome"
	"github.com/reprise-dr/reprise/reports"
)

// secretsLabel labels the search for secrets, and plantedLabel the specs that plant them. Those are in a process of its own that
// the search starts, since what they print is searched too.
const (
	secretsLabel = "secrets"
	plantedLabel = "planted"
)

// plantedVariable hands the values of the secrets to that process, as JSON; without it there are no such specs.
const plantedVariable = "REPRISE_TEST_PLANTED"

// The node that has secrets, and where it serves a page that has them too.
const (
	plantedNode = "planted-1"
	plantedPort = 8080
)

// planted are the secrets: one as it is drawn, one with whatever formats escape, and a key of several lines.
func planted(values []string) []harness.Secret {
	return []harness.Secret{
		{Name: "drawn", Value: values[0]}, {Name: "awkward", Value: values[1]}, {Name: "key", Value: values[2]},
	}
}

// newValues draws the values.
func newValues() []string {
	draw := func() string { return harness.NewSecret("value").Value }
	key := []string{"-----BEGIN KEY-----", draw() + draw(), draw() + draw(), "-----END KEY-----", ""}
	return []string{draw(), `pa"ss'w<o>r&d+ %\ö` + draw(), strings.Join(key, "\n")}
}

// plantedTopology is a machine that has the secrets in a file, in its environment and in the arguments of a process, logs them in
// several forms, and serves them, as an error when the file /broken is there.
func plantedTopology(values []string) harness.Topology {
	const noise = `#!/bin/sh
exec /usr/local/bin/noise "$PLANTED_0" "$PLANTED_1"
`
	const noisy = `#!/bin/sh
while :; do
  echo "starting with --password=$1" >&2
  printf '%s\n' "$2"
  printf 'Authorization: Basic %s\n' "$(printf 'admin:%s' "$1" | base64 -w 0)"
  printf '%s' "$PLANTED_2"
  sleep 0.3
done
`
	const pages = `#!/usr/bin/perl
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 64, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  while (<$client>) { last if /^\r?$/ }
  my $status = -e "/broken" ? "500 Wrong password $ENV{PLANTED_0}" : "200 OK";
  print $client "HTTP/1.1 $status\r\nX-Password: $ENV{PLANTED_0}\r\nConnection: close\r\n\r\n";
  print $client "{\"password\":\"$ENV{PLANTED_0}\"}\n$ENV{PLANTED_1}";
  close $client;
}
`
	topology := machines()
	topology.Name, topology.Nodes = "planted", topology.Nodes[1:]
	node := &topology.Nodes[0]
	node.Name = plantedNode
	node.System.Secrets = planted(values)
	node.System.Environment = map[string]string{}
	for i, value := range values {
		node.System.Environment[fmt.Sprintf("PLANTED_%d", i)] = value
	}
	node.System.Files = []harness.File{
		{Path: "/etc/service/noise/run", Mode: 0o755, Data: []byte(noise)},
		{Path: "/usr/local/bin/noise", Mode: 0o755, Data: []byte(noisy)},
		{Path: "/etc/service/pages/run", Mode: 0o755, Data: []byte(pages)},
		{Path: "/etc/planted.conf", Data: []byte("password = " + values[0] + "\n")},
	}
	return topology
}

// page asks for the page, and says the whole answer when it is an error.
func page(values []string) probe.Func {
	ask := func(ctx context.Context, observer harness.Observer) error {
		now, err := observer.Addresses(plantedNode)
		if err != nil {
			return err
		}
		at := "http://" + netip.AddrPortFrom(now.IPv4, plantedPort).String() + "/?password=" + url.QueryEscape(values[1])
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return err
		}
		request.SetBasicAuth("admin", values[0])
		answer, err := harness.HTTPClient(observer, harness.VantageObserver).Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // read only: nothing can be lost by it
		body, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s with %v answered %s %v: %s", at, request.Header, answer.Status, answer.Header, body)
		}
		return err
	}
	return probe.Func{Label: "the page", Every: 200 * time.Millisecond, Ask: ask}
}

// wrongPassword breaks the page, by a command that has the secret too.
type wrongPassword struct{ values []string }

func (w wrongPassword) Describe() string { return "the password is not " + w.values[0] + " any more" }

func (w wrongPassword) Inject(ctx context.Context, lab harness.Lab) (harness.Injection, error) {
	before := time.Now()
	_, err := lab.Exec(ctx, plantedNode, "touch", "/broken")
	impact := harness.Impact{Before: before, Effects: []harness.Effect{{Node: plantedNode, Done: time.Since(before)}}}
	return &fault.Injection{
		Struck: impact,
		Prove:  func(context.Context) (string, error) { return "nobody knows " + w.values[1], nil },
		Lift:   func(context.Context) error { return nil },
	}, err
}

// leaks is a runbook each of whose steps leaves a secret somewhere, the last one in its error.
type leaks struct{ values []string }

func (l leaks) Name() string { return "log in with " + l.values[0] }

func (l leaks) Steps() []harness.Step {
	return []harness.Step{
		runbook.Exec("mend with "+l.values[1], plantedNode, "rm", "/broken"),
		runbook.Exec("change files", plantedNode, "sh", "-c", `printf '%s\n' "$1" >> /etc/planted.conf; touch "/etc/$1"; `+
			`adduser --system --home "/$1" "guest"; setsid sleep 1000000 "$1" & sleep 1.2; `, "sh", l.values[0]),
		runbook.Exec("log in", plantedNode, "sh", "-c", `echo "$0: $1"; echo "$2" >&2; exit 3`, l.values[0], l.values[1], l.values[2]),
	}
}

var _ = plantWhereAsked()

// plantWhereAsked makes the specs that plant secrets in the process that was started for them.
func plantWhereAsked() bool {
	var values []string
	asked := json.Unmarshal([]byte(os.Getenv(plantedVariable)), &values) == nil
	if asked {
		describePlanted(values)
	}
	return asked
}

// describePlanted makes the specs that plant the secrets: a drill that goes wrong in its runbook, and a panic.
func describePlanted(values []string) {
	Describe("Planted secrets", Label(plantedLabel), Ordered, ContinueOnFailure, func() {
		It("go wrong in a drill", func(ctx SpecContext) {
			drill := suite.Begin(ctx, plantedTopology(values), harness.Objective{RTO: 2 * time.Minute, NoData: true})
			steady := harness.All(page(values))
			Expect(drill.AlsoFingerprint("/etc")).To(Succeed())
			wait := harness.Wait{For: "the page", Interval: 200 * time.Millisecond, Limit: time.Minute}
			Expect(wait.Until(ctx, func(ctx context.Context) error { return page(values).Check(ctx, drill.Lab) })).To(Succeed())
			Expect(drill.Baseline(ctx, steady)).To(Succeed())
			Expect(drill.Inject(ctx, wrongPassword{values})).To(Succeed())
			Expect(drill.Detect(ctx, steady)).To(Succeed())
			repaired := drill.Repair(ctx, leaks{values})
			awaited := drill.AwaitRecovery(ctx, steady)
			lines, err := drill.Lab.Log(ctx, plantedNode, time.Time{})
			Expect(err).NotTo(HaveOccurred())
			for _, value := range values {
				drill.Observe("log in as "+value, plantedNode, fmt.Sprintf("%v %v", value, lines))
				drill.Finding("it is " + value)
				fmt.Fprintln(GinkgoWriter, "the password is", value)
				GinkgoWriter.Printf("in base64 it is %s\n", base64.StdEncoding.EncodeToString([]byte("admin:"+value)))
			}
			drill.Doubt("nobody should know " + values[1])
			_, failed := drill.Lab.Exec(ctx, plantedNode, "cat", "/"+values[0])
			Expect(errors.Join(repaired, awaited, failed, drill.Judge(), errors.New(values[2]))).To(Succeed())
		}, SpecTimeout(8*time.Minute))

		It("go wrong in a panic", func() { panic(errors.New("cannot log in with " + values[0])) })

		It("are in no table either", func() { Expect(values).To(BeEmpty(), "%s", values[1]) })
	})
}

var _ = Describe("A run that was planted with secrets", Label(secretsLabel), func() {
	It("leaves none of them", func(ctx SpecContext) {
		values, folder := newValues(), GinkgoT().TempDir()
		By("running drills that go wrong, in a process of its own")
		output := runPlanted(ctx, values, folder)
		By("writing its report")
		output += reportPlanted(folder)
		Expect(output).To(ContainSubstring("[secret: drawn]"), "nothing was struck out: were they planted?")
		Expect(output).To(ContainSubstring("[PANICKED]"))
		By("searching everything that it has left and printed")
		searched := map[string]string{"the terminal": output}
		Expect(filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			searched[filepath.Base(path)] = string(text)
			return err
		})).To(Succeed())
		Expect(searched).To(HaveKey("junit.xml"))
		record := aRecord(folder)
		Expect(record.Drift).NotTo(BeEmpty(), "no fingerprints were taken, and so none were searched: %q", record.Findings)
		Expect(record.Drift[0].Unexplained).NotTo(BeEmpty())
		for name, text := range searched {
			for _, found := range secretsIn(text, values) {
				Fail(fmt.Sprintf("%s has a secret: ...%s...", name, strings.ReplaceAll(found, "\n", `\n`)))
			}
		}
		By("judging its record again")
		results, err := reports.Rejudge(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(results).To(HaveLen(1))
		Expect(results[0].Differences).To(BeEmpty())
	}, SpecTimeout(10*time.Minute))
})

// runPlanted runs the planted specs and returns all that they have printed.
func runPlanted(ctx context.Context, values []string, folder string) string {
	GinkgoHelper()
	encoded, err := json.Marshal(values)
	Expect(err).NotTo(HaveOccurred())
	process := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestContracts$", "--ginkgo.v",
		"--ginkgo.label-filter="+plantedLabel,
		"--ginkgo.json-report="+filepath.Join(folder, "ginkgo", "report.json"), "--ginkgo.no-color", "--ginkgo.github-output")
	process.Env = slices.Concat(os.Environ(), contract.Config{RunDir: folder, RepeatWith: "reprise chaos", Seed: 1}.Environment(),
		[]string{plantedVariable + "=" + string(encoded)})
	Expect(os.Mkdir(filepath.Join(folder, "ginkgo"), 0o755)).To(Succeed())
	output, err := process.CombinedOutput()
	Expect(err).To(HaveOccurred(), "it was to go wrong: %s", output)
	return string(output)
}

// reportPlanted writes every report of the run, as the command does, and returns what it prints besides.
func reportPlanted(folder string) string {
	GinkgoHelper()
	records, err := reports.ReadRecords(folder)
	Expect(err).NotTo(HaveOccurred())
	suites, err := outcome.Read(filepath.Join(folder, "ginkgo", "report.json"))
	Expect(err).NotTo(HaveOccurred())
	var ended outcome.Outcome
	for _, one := range suites {
		ended.AddSpecs("contracts", one, "", records)
	}
	Expect(ended.Failures).To(HaveLen(3))
	run := reports.Run{ID: "planted", Command: "reprise chaos", Started: time.Now(), Records: records, Failures: ended.Failures}
	Expect(reports.Write(filepath.Join(folder, "report"), run)).To(Succeed())
	var table bytes.Buffer
	reports.Table(&table, run, true)
	return table.String()
}

// aRecord is the one record of a run.
func aRecord(folder string) harness.Record {
	GinkgoHelper()
	records, err := reports.ReadRecords(folder)
	Expect(err).NotTo(HaveOccurred())
	Expect(records).To(HaveLen(1))
	return records[0]
}

// secretsIn are the places in a text where a secret stands, in any of the forms that something writes it in.
func secretsIn(text string, values []string) []string {
	var found []string
	for _, value := range values {
		encoded, err := json.Marshal(value)
		Expect(err).NotTo(HaveOccurred())
		quoted := strings.Trim(string(encoded), `"`)
		forms := []string{
			value, strings.TrimSpace(value), quoted, strings.Trim(fmt.Sprintf("%q", value), `"`),
			url.QueryEscape(value), url.PathEscape(value),
			html.EscapeString(value), html.EscapeString(quoted), hex.EncodeToString([]byte(value)),
		}
		for line := range strings.SplitSeq(value, "\n") {
			if len(line) > 20 && !strings.HasPrefix(line, "---") {
				forms = append(forms, line, line[:16], line[len(line)-16:])
			}
		}
		for _, beside := range []string{"", "x", "xx"} {
			whole := base64.StdEncoding.EncodeToString([]byte(beside + value))
			forms = append(forms, whole[4:len(whole)-4])
		}
		for _, form := range forms {
			if at := strings.Index(text, form); at >= 0 {
				found = append(found, text[max(0, at-80):min(len(text), at+len(form)+20)])
			}
		}
	}
	return found
}
