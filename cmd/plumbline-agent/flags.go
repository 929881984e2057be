package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// defaultStateDir is where the pods' manifests mount an empty directory.
const defaultStateDir = "/run/plumbline"

// flags are those of all verbs; each takes the ones it declares.
type flags struct {
	*flag.FlagSet
	stateDir string
}

func newFlags(verb string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(verb, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.StringVar(&f.stateDir, "state-dir", defaultStateDir, "directory in which identity.json is published")
	return f
}

func (f *flags) parse(args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return usageError{errors.New("plumbline-agent without arguments explains its verbs")}
		}
		return usageError{err}
	}
	if f.NArg() > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", f.Arg(0))}
	}
	return nil
}
