package main

import (
	"errors"
	"fmt"
	"io"

	specs "github.com/plumbline-net/plumbline/framework/run"
)

// The exit statuses; a Job's are the same.
const (
	exitConformant = 0
	exitNotWhole   = 1 // of a trace; a run's stands in its report
	exitUsage      = 2 // usage, configuration, or a selection that is empty
	exitCannotTell = 3 // the set-up died, core checks are unknown, interrupted, deadline
)

// usageError is a mistake in what was typed or configured. The hint, where
// there is one, names the way to the right words.
type usageError struct {
	says string
	hint string
}

func (e usageError) Error() string { return e.says }

func usagef(format string, args ...any) error { return usageError{says: fmt.Sprintf(format, args...)} }

// verdictError carries the exit status of a judged run; everything has been
// said already.
type verdictError struct{ status int }

func (e verdictError) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// conclude prints an error, once, and turns it into the exit status.
func conclude(err error, errOut io.Writer) int {
	if err == nil {
		return exitConformant
	}
	var verdict verdictError
	if errors.As(err, &verdict) {
		return verdict.status
	}
	fmt.Fprintf(errOut, "plumbline: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		if usage.hint != "" {
			fmt.Fprintln(errOut, usage.hint)
		}
		return exitUsage
	}
	if errors.As(err, new(specs.EmptyError)) {
		fmt.Fprintln(errOut, "`plumbline list` shows all checks")
		return exitUsage
	}
	if errors.As(err, new(specs.UsageError)) {
		return exitUsage
	}
	return exitCannotTell
}
