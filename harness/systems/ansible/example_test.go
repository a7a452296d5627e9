package ansible_test

import (
	"fmt"

	"github.com/reprise-dr/reprise/harness/systems/ansible"
)

// A playbook is a runbook of one step. Played by hand it says what it has changed: a second time should change nothing.
func Example() {
	site := ansible.Playbook{Control: "control-1", File: "/etc/ansible/site.yml", Limit: "web-2", SkipTags: []string{"backup"}}
	fmt.Println(site.Name())

	again := ansible.Stats{ // as ansible.Play returns it
		Hosts:   map[string]ansible.HostStats{"web-2": {OK: 12, Changed: 1}},
		Changes: []ansible.Change{{Task: "install nginx", Host: "web-2"}},
	}
	fmt.Println(again.Unchanged())
	// Output:
	// ansible: play site.yml on web-2 without backup
	// it has changed something 1 times: "install nginx" on web-2
}
