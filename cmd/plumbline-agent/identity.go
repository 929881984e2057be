package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline-net/plumbline/framework/inspect"
	"github.com/plumbline-net/plumbline/framework/probe/echo"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const identityFile = "identity.json"

// identityOf is what the echo server says of itself. An MTU that cannot be read
// stays 0, and a MAC empty: unknown.
func identityOf(peer string, server *echo.Server) wire.Identity {
	id := wire.Identity{Peer: peer, Ports: server.Ports(), ResolvConf: inspect.ResolvConf("/")}
	id.MTU, _ = inspect.MTU()
	id.MAC, _ = inspect.OwnMAC()
	return id
}

// publish writes a file of the state directory so that a reader sees all of it or nothing.
func publish(dir, name string, line []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the state directory: %w", err)
	}
	file, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return fmt.Errorf("publishing %s: %w", name, err)
	}
	_, err = file.Write(line)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("publishing %s: %w", name, err)
	}
	return nil
}

// published reads the identity that serve wrote.
func published(dir string) (wire.Identity, error) {
	raw, err := os.ReadFile(filepath.Join(dir, identityFile))
	if err != nil {
		return wire.Identity{}, fmt.Errorf("reading the identity: %w", err)
	}
	var id wire.Identity
	if err := json.Unmarshal(raw, &id); err != nil {
		return wire.Identity{}, fmt.Errorf("reading the identity: %w", err)
	}
	if id.Peer == "" || id.Ports.TCP == 0 {
		return wire.Identity{}, fmt.Errorf("reading the identity: %s names no server", identityFile)
	}
	return id, nil
}
