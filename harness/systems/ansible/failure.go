package ansible

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reprise-dr/reprise/harness"
)

// lastLines is how many lines an error shows of what a failed task has printed.
const lastLines = 5

// A TaskError is a task that failed on a host, or for which the host could not be reached.
type TaskError struct {
	Task, Host  string
	Unreachable bool
	Message     string // what Ansible said, and the last lines that the task has printed
}

// Error names the task, the host and the reason.
func (e *TaskError) Error() string {
	if e.Unreachable {
		return fmt.Sprintf("task %q could not reach %s: %s", e.Task, e.Host, e.Message)
	}
	return fmt.Sprintf("task %q failed on %s: %s", e.Task, e.Host, e.Message)
}

// judge says what was wrong with a run that has reported; ran is what became of the command.
func (r report) judge(ran error) error {
	if len(r.Hosts) == 0 {
		return harness.JoinErrors(ran, errors.New("it has touched no host: none matched, or its tags left no task"))
	}
	var failures []error
	for _, host := range r.hosts() {
		failures = append(failures, r.failures(host)...)
	}
	if len(failures) == 0 {
		return ran
	}
	return harness.JoinErrors(failures...)
}

// failures are the tasks that ended the run for a host. A failure that was rescued came before them:
// the recap says how many are left.
func (r report) failures(host string) []error {
	count := map[outcome]int{failed: r.Hosts[host].Failed, unreachable: r.Hosts[host].Unreachable}
	var failures []error
	for _, result := range slices.Backward(r.Results) {
		if result.Host != host || count[result.Outcome] == 0 {
			continue
		}
		count[result.Outcome]--
		failures = append(failures, &TaskError{
			Task: result.Task, Host: host, Unreachable: result.Outcome == unreachable, Message: result.Details.message(),
		})
	}
	slices.Reverse(failures)
	if unnamed := count[failed] + count[unreachable]; unnamed > 0 {
		failures = append(failures, fmt.Errorf("the recap counts %d failures on %s that the report does not name", unnamed, host))
	}
	return failures
}

// Details are what says why a task failed. Modules are free to put anything into a message.
type details struct {
	Message      json.RawMessage `json:"msg"`
	Stderr       string          `json:"stderr"`
	Stdout       string          `json:"stdout"`
	ModuleStderr string          `json:"module_stderr"`
	ModuleStdout string          `json:"module_stdout"`
	Item         json.RawMessage `json:"_ansible_item_label"`
	Items        []details       `json:"results"` // of a loop: those that failed
}

// message is the reason in one line: of a loop the first item's.
func (d details) message() string {
	if len(d.Items) > 0 {
		return fmt.Sprintf("item %s: %s", text(d.Items[0].Item), d.Items[0].message())
	}
	said := text(d.Message)
	for _, printed := range []string{d.Stderr, d.ModuleStderr, d.Stdout, d.ModuleStdout} {
		if strings.TrimSpace(printed) != "" {
			return said + ": " + tail(printed)
		}
	}
	return said
}

// text is a string as it is, and anything else as JSON, in one line.
func text(value json.RawMessage) string {
	var said string
	if err := json.Unmarshal(value, &said); err != nil {
		said = string(value)
	}
	return strings.Join(strings.Fields(said), " ")
}

// tail is the last lines of what was printed, in one line.
func tail(printed string) string {
	lines := strings.FieldsFunc(printed, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(lines[max(0, len(lines)-lastLines):], " | ")
}
