// Package pocketbase asks a blog on PocketBase what its readers would ask, and remembers which posts
// it has acknowledged.
//
// Every question and every write comes from the observer over a connection of its own, to the address where the
// blog's visitors arrive: a reverse proxy in front of it is part of what is asked.
//
//	blog := pocketbase.Site{At: netip.MustParseAddrPort("10.201.5.100:80"), Host: "blog.reprise.test"}
//	editor := pocketbase.Superuser{Email: fixtures.BlogAdmin, Password: fixtures.BlogAdminPassword}
//	err := pocketbase.CreatePosts(ctx, lab, blog, editor)
//	steady := harness.All(pocketbase.Served(blog))
//	err = drill.Baseline(ctx, steady)
//	err = drill.StartWriting(ctx, harness.Ledgers(pocketbase.Posts(blog)))
package pocketbase
