// Package suite is what a Ginkgo spec needs for a drill: it brings a lab up, keeps the record, saves evidence when the spec
// fails, and takes the lab away again. The example is a whole drill on the smallest topology of package fixtures. What a command
// tells a suite about its run is in package contract; a suite that a plain `go test` has started makes its run itself (package
// plaintest).
//
// In a run of control arms ([contract.Arm], set by `reprise controls`) the same specs run without
// their fault or without their runbook: each ends where it must go red, and fails when it does not, or does
// for another reason than the one expected.
//
//	func TestRenumbering(t *testing.T) {
//		suite.Run(t, "renumbering", suite.Prepare(fixtures.NomadConsul(3)), suite.PrepareFor("raft-v2", fixtures.NomadConsulRaft2(3)))
//	}
//
//	var _ = It("comes back", func(ctx SpecContext) {
//		drill := suite.Begin(ctx, fixtures.NomadConsul(3), harness.Objective{RTO: 10 * time.Minute})
//		Expect(drill.Baseline(ctx, steady)).To(Succeed())
//	}, SpecTimeout(10*time.Minute))
package suite
