package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// serve answers until ctx ends. Its identity is the first line on stdout, which
// makes it the first line of the pod's log.
func serve(ctx context.Context, args []string, s streams) error {
	f := newFlags("serve")
	peer := f.String("peer", "", "name to answer with, for example pod/n1")
	if err := f.parse(args); err != nil {
		return err
	}
	if *peer == "" {
		return usageError{errors.New("--peer is missing")}
	}
	// The directory outlives a container: what an earlier one wrote names ports
	// that are closed now.
	path := filepath.Join(f.stateDir, identityFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the identity of an earlier server: %w", err)
	}
	server, err := echo.Listen(ctx, *peer)
	if err != nil {
		return fmt.Errorf("starting the echo server: %w", err)
	}
	defer server.Close()
	line, err := json.Marshal(identityOf(*peer, server))
	if err != nil {
		return fmt.Errorf("writing the identity: %w", err)
	}
	line = append(line, '\n')
	if _, err := s.out.Write(line); err != nil {
		return fmt.Errorf("printing the identity: %w", err)
	}
	if err := publish(f.stateDir, line); err != nil {
		return err
	}
	if err := server.Serve(ctx); err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
