// Package httpapi asks and writes through the JSON interface of a web site as its visitors reach it:
// at an address, under a host name, behind whatever reverse proxy stands there. Packages that drive
// one product share it.
//
//	site := httpapi.Site{At: address, Host: "blog.reprise.test"}
//	err := site.Write(ctx, observer, httpapi.Request{Method: "POST", Path: "/api/posts", Body: post}, &written)
//	refused := errors.Is(err, harness.ErrRefused) // it was certainly not written
package httpapi
