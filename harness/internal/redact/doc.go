// Package redact strikes secrets out of texts: whatever form a text has them in, their mark stands there afterwards, see
// [harness.Secret.Mark].
//
// A process has one terminal and one folder of reports, and so it has one set of secrets: whoever starts a lab or a drill hands
// them to [Keep], and from then on [Text], [Error], [Value] and [Writer] know them, also when the lab is gone. What leaves the
// process goes through one of these.
package redact
