//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reprise-dr/reprise/harness/agent/internal/agentd"
	"github.com/reprise-dr/reprise/harness/agent/internal/bare"
	"github.com/reprise-dr/reprise/harness/agent/internal/echoserver"
	"github.com/reprise-dr/reprise/harness/agent/internal/outages"
	"github.com/reprise-dr/reprise/harness/agent/internal/priority"
	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
	"github.com/reprise-dr/reprise/harness/agent/internal/supervisor"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("reprise-agent: ")
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		arguments = []string{"agent"}
	}
	switch name, rest := arguments[0], arguments[1:]; name {
	case "agent":
		return runAgent(ctx)
	case "supervise":
		return runSupervisor(ctx, rest)
	case "trial":
		return runTrial(ctx, rest)
	case "canary":
		return runCanary(ctx, rest)
	case "cuts":
		return runCuts(ctx, rest)
	case "ask":
		return runAsk(rest)
	default:
		return fmt.Errorf("%q is none of agent, supervise, trial, canary, cuts and ask", name)
	}
}

// processors is how many threads of the agent may run Go code. One that returns from a system call
// must never wait for another that has been suspended, least of all the one that executes an action.
const processors = 8

func runAgent(ctx context.Context) error {
	runtime.GOMAXPROCS(max(processors, runtime.NumCPU()))
	priority.Soon()
	if os.Getpid() == 1 {
		go agentd.Reap(ctx)
	}
	return agentd.Run(ctx, agentd.Options{
		Stream: agentd.Stdio(), SystemSocket: protocol.SystemSocket, Silence: protocol.Silence, Log: log.Default(),
	})
}

func runSupervisor(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("supervise", flag.ContinueOnError)
	cgroups := flags.Bool("cgroups", false, "let the command manage cgroups below the container's own")
	restart := flags.Duration("restart", 0, "start the command again this long after it has ended by itself")
	user := flags.String("user", "", "who the command runs as, as NAME, NAME:GROUP or numbers; else who runs this")
	containers := flags.Bool("containers", false, "let the command run containers of its own")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("supervise needs the command of the main process")
	}
	fmt.Fprintln(os.Stderr, protocol.LogBeginning)
	supervisor.KeepThreads()
	if *containers {
		if err := supervisor.OpenContainers(); err != nil {
			return err
		}
	}
	if *cgroups || *containers {
		if err := supervisor.OpenCgroups(); err != nil {
			return err
		}
	}
	listener, err := supervisor.Listen(log.Default())
	if err != nil {
		return err
	}
	return supervisor.New(supervisor.Options{
		Command: flags.Args(), User: *user, Restart: *restart, Containers: *containers,
		Log: log.Default(),
	}).Serve(ctx, listener)
}

// runTrial tries what a container must be able to do for a system that runs containers in it, or has disks; or what a network
// lets pass, with another container that does the other part.
func runTrial(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("trial", flag.ContinueOnError)
	disks := flags.Bool("disks", false, "try what a system with disks needs")
	sender := flags.Bool("bridge-sender", false, "send to the receiver, and print what crosses the network")
	receiver := flags.Bool("bridge-receiver", false, "answer the sender")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	switch {
	case *receiver:
		return agentd.AnswerOnBridge(ctx)
	case *sender:
		report, err := agentd.SendOnBridge()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(report)
	case flags.NArg() != 1:
		return errors.New("trial needs a folder on a volume")
	case *disks:
		return supervisor.TryDisks(flags.Arg(0))
	}
	return supervisor.Try(flags.Arg(0))
}

func runCanary(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("canary", flag.ContinueOnError)
	listen := flags.String("listen", "[::]:8080", "address to serve on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	return echoserver.Serve(ctx, *listen)
}

// runCuts serves what the observer is calibrated with.
func runCuts(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("cuts", flag.ContinueOnError)
	control := flags.String("control", "[::]:9000", "address to take orders on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("cuts needs services, each as NAME=KIND@ADDRESS")
	}
	if err := outages.RaisePriority(); err != nil {
		return err
	}
	// A thread that wakes for a cut must never wait for another that wakes for one.
	runtime.GOMAXPROCS(max(processors+flags.NArg(), runtime.NumCPU()))
	return outages.Serve(ctx, *control, flags.Args())
}

// runAsk says what questions cost at least.
func runAsk(arguments []string) error {
	flags := flag.NewFlagSet("ask", flag.ContinueOnError)
	period := flags.Duration("every", 20*time.Millisecond, "how often to ask each question")
	length := flags.Duration("for", time.Second, "how long to go on")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("ask needs questions, each as KIND@ADDRESS")
	}
	cost, err := bare.Ask(flags.Args(), *period, *length)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(cost)
}
