// Package maintenance holds the steps that an operator's procedures have in common, whatever the
// product: stop it, edit its configuration, start it, wait until it answers.
//
// Only the packages of the systems driven may import it. They describe their product once as a
// [Service] and put its steps between their own:
//
//	nomad := maintenance.Service{
//		Product: "Nomad", Roles: []string{"nomad-server", "nomad-client"}, Folder: "/etc/nomad.d",
//		Rename: rename, Answers: answers,
//	}
//	steps := []harness.Step{nomad.Stop(), nomad.Readdress(nil), nomad.Start(), nomad.AwaitAnswers()}
package maintenance
