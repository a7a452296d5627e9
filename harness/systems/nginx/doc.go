// Package nginx asks a site on nginx what its clients would ask: that it takes files (PUT of its module
// http_dav), that it still has those it has acknowledged, and that it writes its log, which no client sees.
//
// Every question and every write comes from the observer over a connection of its own.
//
//	uploads := nginx.Folder{At: netip.MustParseAddrPort("10.201.6.100:80"), Path: "/uploads/"}
//	steady := harness.All(nginx.Accepts(uploads))
//	err := drill.Baseline(ctx, steady)
//	err = drill.WatchSilent(ctx, nginx.Logged(uploads, "web-1", "/var/log/nginx/uploads.log"))
//	err = drill.StartWriting(ctx, harness.Ledgers(nginx.Uploads(uploads)))
//
// The folder's location needs `dav_methods PUT` and `autoindex on; autoindex_format json`.
package nginx
