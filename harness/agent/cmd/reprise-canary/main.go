// Command reprise-canary is the canary alone: the smallest service worth losing, as a program for pods and jobs. The
// program of the agent can serve it too; this one is apart so that images with a canary in them do not change
// whenever the agent does.
//
//	reprise-canary [-listen [::]:8080]
//
// See harness/agent/internal/echoserver for what it answers.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"

	"github.com/reprise-dr/reprise/harness/agent/internal/echoserver"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("reprise-canary: ")
	listen := flag.String("listen", "[::]:8080", "address to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := echoserver.Serve(ctx, *listen); err != nil {
		log.Fatal(err)
	}
}
