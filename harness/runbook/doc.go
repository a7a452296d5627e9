// Package runbook has the procedures that know no product: stop a service, edit its configuration, start it, wait until it
// answers; press a power button; claim that something is refused. A product describes itself once, as a [Service], and puts
// the steps of that between its own:
//
//	nomad := runbook.Service{
//		Product: "Nomad", Roles: []string{"nomad-server", "nomad-client"}, Folder: "/etc/nomad.d",
//		Rename: rename, Answers: answers,
//	}
//	steps := []harness.Step{nomad.Stop(), nomad.Readdress(nil), nomad.Start(), nomad.AwaitAnswers()}
package runbook
