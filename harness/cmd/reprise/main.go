package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/run"
	"github.com/reprise-dr/reprise/harness/cmd/reprise/internal/usage"
	"github.com/reprise-dr/reprise/harness/internal/words"
)

func main() {
	if err := run.BecomeSupervisor(); err != nil {
		os.Exit(status(err, os.Stderr))
	}
	os.Exit(status(command(os.Stdout).Run(context.Background(), os.Args), os.Stderr))
}

// command is the whole program, writing its results to out.
func command(out io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "reprise",
		Usage: "replay real postmortems against real clusters in containers",
		Commands: append([]*cli.Command{
			chaosCommand(out), reproCommand(out), controlsCommand(out), calibrateCommand(out), verdictsCommand(out), surviveCommand(out),
			imagesCommand(out), doctorCommand(out), cleanCommand(out),
			rejudgeCommand(out), readmeCommand(out), superviseCommand(),
		}, benchCommands(out)...),
		Action:         unknownCommand,
		Writer:         out,
		Suggest:        true,
		HideVersion:    true,
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // status says it, once
	}
}

// unknownCommand is what runs when no subcommand fits.
func unknownCommand(_ context.Context, root *cli.Command) error {
	if !root.Args().Present() {
		return cli.ShowAppHelp(root)
	}
	var names []string
	for _, command := range root.VisibleCommands() {
		names = append(names, command.Name)
	}
	return usage.Errorf("unknown command %q%s known commands: %s", root.Args().First(), usage.DidYouMean(root.Args().First(), names),
		strings.Join(names, ", "))
}

// noUsageText keeps a wrong flag from printing the whole help text: one sentence is enough.
func noUsageText(_ context.Context, command *cli.Command, err error, _ bool) error {
	return usage.Errorf("%s: see reprise %s --help", flagProblem(err.Error()), command.Name)
}

// The sentences of the command line's library about a flag.
var (
	noNumber  = regexp.MustCompile(`^invalid value (".*") for flag -(\S+): strconv\..*: (invalid syntax|value out of range)$`)
	noSuch    = regexp.MustCompile(`^flag provided but not defined: -(\S+)$`)
	noneGiven = regexp.MustCompile(`^flag needs an argument: -+(\S+)$`)
)

// flagProblem says what is wrong with a flag as a person would.
func flagProblem(says string) string {
	if found := noNumber.FindStringSubmatch(says); found != nil {
		wrong := "is none"
		if found[3] == "value out of range" {
			wrong = "is too large"
		}
		return fmt.Sprintf("--%s takes a whole number, and %s %s", found[2], found[1], wrong)
	}
	if found := noSuch.FindStringSubmatch(says); found != nil {
		return fmt.Sprintf("there is no flag --%s", found[1])
	}
	if found := noneGiven.FindStringSubmatch(says); found != nil {
		return fmt.Sprintf("--%s needs a value", found[1])
	}
	return says
}

// noArguments refuses what would otherwise be ignored, such as an expression that the shell has split.
func noArguments(ctx context.Context, command *cli.Command) (context.Context, error) {
	if command.Args().Present() {
		return ctx, usage.Errorf("reprise %s takes no argument %q: see reprise %[1]s --help", command.Name, command.Args().First())
	}
	return ctx, nil
}

// packagesUsage stands for the arguments of a command that runs drills.
const packagesUsage = "[PACKAGES such as ./drills/...; default: the scenarios of a clone of Reprise, or ./... of another module]"

// onlyPackages refuses arguments that are no package patterns, such as a label, or an expression that the shell has split.
func onlyPackages(ctx context.Context, command *cli.Command) (context.Context, error) {
	for _, argument := range command.Args().Slice() {
		if argument != "." && argument != ".." && !strings.Contains(argument, "/") {
			return ctx, usage.Errorf("reprise %s takes no argument %q but packages, such as ./drills/...: see reprise %[1]s --help",
				command.Name, argument)
		}
		if strings.HasPrefix(argument, "-") {
			return ctx, usage.Errorf("reprise %s: %q stands behind a package: flags go before", command.Name, argument)
		}
	}
	return ctx, nil
}

// status says what went wrong and chooses the exit status.
func status(err error, problems io.Writer) int {
	var wrong usage.Error
	switch {
	case err == nil:
		return 0
	case errors.Is(err, run.ErrRed):
		return 1
	case errors.As(err, &wrong):
		fmt.Fprintf(problems, "reprise: %s\n", words.EscapedLines(err.Error()))
		return 2
	}
	fmt.Fprintf(problems, "reprise: %s\n", words.EscapedLines(err.Error()))
	return 1
}

// interruptible ends the context at the first Ctrl-C; a second one ends the program.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
