package ansible

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Stats are what a run did.
type Stats struct {
	Hosts map[string]HostStats // the recap, by host
	// Changes are the tasks that changed something, in the order they ended.
	Changes []Change
}

// HostStats counts the tasks of one host by how they ended, as the recap of ansible-playbook does: a
// task that changed something is also ok.
type HostStats struct {
	OK          int `json:"ok"`
	Changed     int `json:"changed"`
	Failed      int `json:"failures"` // and neither ignored nor rescued
	Unreachable int `json:"unreachable"`
	Skipped     int `json:"skipped"`
	Rescued     int `json:"rescued"`
	Ignored     int `json:"ignored"`
}

// A Change is a task that changed something on a host.
type Change struct {
	Task, Host string
}

// String says what changed where.
func (c Change) String() string { return fmt.Sprintf("%q on %s", c.Task, c.Host) }

// Unchanged tells whether the run has changed nothing. The error says what has.
func (s Stats) Unchanged() error {
	changed := 0
	for _, host := range s.Hosts {
		changed += host.Changed
	}
	if changed = max(changed, len(s.Changes)); changed == 0 {
		return nil
	}
	var tasks []string
	for _, change := range s.Changes {
		tasks = append(tasks, change.String())
	}
	return fmt.Errorf("it has changed something %d times: %s", changed,
		cmp.Or(strings.Join(tasks, ", "), "the report does not say what"))
}

// A report is what the plugin writes.
type report struct {
	Results []result             `json:"results"`
	Hosts   map[string]HostStats `json:"hosts"`
}

// A result is the outcome of one task on one host. Tasks that changed nothing have none.
type result struct {
	Task    string  `json:"task"`
	Host    string  `json:"host"`
	Outcome outcome `json:"outcome"`
	Details details `json:"details"`
}

type outcome string

const (
	changed     outcome = "changed"
	failed      outcome = "failed"
	unreachable outcome = "unreachable"
)

func (r report) stats() Stats {
	stats := Stats{Hosts: r.Hosts}
	for _, result := range r.Results {
		if result.Outcome == changed {
			stats.Changes = append(stats.Changes, Change{Task: result.Task, Host: result.Host})
		}
	}
	return stats
}

// hosts are the names in the recap, sorted.
func (r report) hosts() []string {
	var names []string
	for name := range r.Hosts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
