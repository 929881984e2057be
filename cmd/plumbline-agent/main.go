// Command plumbline-agent is what runs on the nodes: an echo server, and the
// batches of probes and looks that the runner sends it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1 // the work could not be done or was cut short
	exitUsage   = 2 // the command line or the plan is wrong
)

// streams are the standard streams, so that tests can give their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// complain writes to the error stream; where even that fails there is nobody to tell.
func (s streams) complain(format string, args ...any) { _, _ = fmt.Fprintf(s.err, format, args...) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	status := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(status)
}

const usage = `usage: plumbline-agent VERB

  serve --peer NAME [--state-dir DIR] [--ports N,N]   answer echo requests until SIGTERM
  ready [--state-dir DIR]   exit 0 when the echo server of this pod is up
  batch [--state-dir DIR]   do the plan on stdin (and those behind it that it announces), answer in JSON lines on stdout
  version                   print the version
`

// usageError is an error of whoever calls.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run does one verb and gives the exit status.
func run(ctx context.Context, args []string, s streams) int {
	verbs := map[string]func(context.Context, []string, streams) error{
		"serve": serve, "ready": ready, "batch": batch, "version": version,
	}
	if len(args) == 0 {
		s.complain("%s", usage)
		return exitUsage
	}
	verb, ok := verbs[args[0]]
	if !ok {
		s.complain("plumbline-agent: there is no verb %q\n%s", args[0], usage)
		return exitUsage
	}
	err := verb(ctx, args[1:], s)
	if err == nil {
		return exitOK
	}
	s.complain("plumbline-agent %s: %v\n", args[0], err)
	var wrong usageError
	if errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailure
}
