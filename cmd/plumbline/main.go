// Command plumbline decides whether a Kubernetes cluster's network is fit for
// use: it observes, judges, and writes reports. Results go to stdout, progress
// to stderr.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
)

func main() {
	os.Exit(live(os.Args[1:]))
}

// live runs with the process's own streams and signals. The first signal ends
// the observation, and what was seen is still judged, written and cleaned up; a
// second one ends the process at once.
func live(args []string) int {
	// The client library writes a line of its own for every stream that breaks; what
	// broke is in the report, with the place it concerns.
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	again := make(chan os.Signal, 2)
	signal.Notify(again, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-again
		<-again
		fmt.Fprintln(os.Stderr, "plumbline: ended by a second signal; what is left in the cluster goes with `plumbline clean`")
		os.Exit(exitCannotTell)
	}()
	return run(ctx, args, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})
}

// run is the command line as a function; it gives the exit status.
func run(ctx context.Context, args []string, streams genericiooptions.IOStreams) int {
	root := newRoot(streams)
	root.SetArgs(args)
	return conclude(root.ExecuteContext(ctx), streams.ErrOut)
}
