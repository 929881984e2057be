package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/probe/echo"
)

// serve answers until ctx ends. Its identity is the first line on stdout, which
// makes it the first line of the pod's log.
func serve(ctx context.Context, args []string, s streams) error {
	f := newFlags("serve")
	peer := f.String("peer", "", "name to answer with, for example pod/n1")
	further := f.String("ports", "", "further TCP ports to answer on, by number, separated by commas")
	if err := f.parse(args); err != nil {
		return err
	}
	ports, err := portList(*further)
	if err != nil {
		return usageError{err}
	}
	if *peer == "" {
		return usageError{errors.New("--peer is missing")}
	}
	began := time.Now()
	if err := forget(f.stateDir); err != nil {
		return err
	}
	server, err := echo.Listen(ctx, *peer, ports...)
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
	if err := publish(f.stateDir, identityFile, line); err != nil {
		return err
	}
	if isPod(*peer) {
		var starting sync.WaitGroup
		defer starting.Wait()
		starting.Go(func() {
			if err := startUp(ctx, f.stateDir, began); err != nil && ctx.Err() == nil {
				s.complain("plumbline-agent serve: %v\n", err)
			}
		})
	}
	if err := server.Serve(ctx); err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// forget removes what an earlier server wrote: the directory outlives a
// container, and the ports named there are closed now.
func forget(dir string) error {
	for _, name := range []string{identityFile, startupFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the state of an earlier server: %w", err)
		}
	}
	return nil
}

// portList reads port numbers separated by commas.
func portList(text string) ([]uint16, error) {
	var out []uint16
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		port, err := strconv.ParseUint(word, 10, 16)
		if err != nil || port == 0 {
			return nil, fmt.Errorf("--ports: %q is not a port", word)
		}
		out = append(out, uint16(port))
	}
	return out, nil
}
