// Package openfga keeps the comments of a blog in OpenFGA, asks for them as readers would, and remembers
// which ones it has acknowledged. OpenFGA keeps relations between things, as rows in PostgreSQL; here
// each relation is a comment, under a post, with a text.
//
// Every question and every write comes from the observer over connections of its own, to the address where the site's
// visitors arrive: a reverse proxy in front of it is part of what is asked.
//
//	comments := openfga.Site{At: netip.MustParseAddrPort("10.201.5.100:80"), Host: "comments.reprise.test"}
//	err := openfga.CreateComments(ctx, lab, comments)
//	steady := harness.All(openfga.Served(comments))
//	err = drill.Baseline(ctx, steady)
//	err = drill.StartWriting(ctx, harness.Ledgers(openfga.Comments(comments)))
package openfga
