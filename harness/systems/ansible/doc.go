// Package ansible runs real playbooks with the real ansible-playbook of a control node, and says what
// they did to which host.
//
//	site := ansible.Playbook{Control: "control-1", File: "/etc/ansible/site.yml", Limit: "blog-1"}
//	err := drill.Repair(ctx, site) // as a runbook: one step, timed
//
//	stats, err := ansible.Play(ctx, lab, site) // as a question: what did it do?
//	err = stats.Unchanged()                    // nil when a replay has changed nothing
//
// A play that fails is an error that names the task, the host and what the host said:
//
//	play site.yml on blog-1: task "install k3s" failed on blog-1: non-zero return code: curl says no | (22) 404
//
// # How the outcome is read
//
// ansible-playbook prints what it always prints. What happened is read from a file that a small
// callback plugin (reprise_report.py) writes besides: ansible-core has no machine-readable output of
// its own, its json callback is part of a collection of 250 MB. The plugin is put onto the control
// node below /run for each run, and needs ansible-core 2.14 or later.
package ansible
