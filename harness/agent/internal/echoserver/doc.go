// Package echoserver is the smallest service worth losing: a web server that says who it is, and
// what names mean where it runs. It is the job whose clients a drill watches. Only the programs reprise-agent and
// reprise-canary import it.
//
//	err := echoserver.Serve(ctx, "[::]:8080")
//	// GET / -> {"pid":42,"started":"2026-01-20T09:00:00Z","allocation":"8ba85cef-..."}
//	// GET /resolve?name=reprise.test -> {"name":"reprise.test","addresses":["10.201.5.21"]}
package echoserver
