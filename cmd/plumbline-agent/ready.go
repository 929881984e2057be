package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// ready is the readiness probe: the ports are the kernel's choice, so a probe
// over HTTP could not be written into the pod's specification.
func ready(_ context.Context, args []string, _ streams) error {
	f := newFlags("ready")
	if err := f.parse(args); err != nil {
		return err
	}
	_, err := published(f.stateDir)
	return err
}

// version prints the module's version as the linker recorded it.
func version(_ context.Context, args []string, s streams) error {
	f := newFlags("version")
	if err := f.parse(args); err != nil {
		return err
	}
	v := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
	}
	_, err := fmt.Fprintf(s.out, "plumbline-agent %s\n", v)
	return err
}
