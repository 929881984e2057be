package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/probe"
)

const (
	startupFile = "startup.json"
	// startupWait is how long a batch waits for the first moments to be over, and
	// startupPoll how often it looks.
	startupWait = 10 * time.Second
	startupPoll = 50 * time.Millisecond
	resolvConf  = "/etc/resolv.conf"
)

// isPod says whether a peer lives on the pod network.
func isPod(peer string) bool {
	return strings.HasPrefix(peer, string(facts.FromPod)+"/") || strings.HasPrefix(peer, string(facts.FromRuntime)+"/")
}

// startUp observes the first moments of this pod and keeps them beside the
// identity. A file that cannot be written is the same as none: not observed.
func startUp(ctx context.Context, dir string, began time.Time) error {
	startup := probe.Startup(ctx, began, resolvConf, apiService(os.Getenv))
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("observing the first moments: %w", err)
	}
	line, err := json.Marshal(startup)
	if err != nil {
		return fmt.Errorf("writing the first moments: %w", err)
	}
	return publish(dir, startupFile, line)
}

// apiService is where the kubelet says that the Service default/kubernetes is; it
// does so also where enableServiceLinks is false (Kubernetes: Pod, enableServiceLinks).
func apiService(getenv func(string) string) netip.AddrPort {
	addr, err := netip.ParseAddr(getenv("KUBERNETES_SERVICE_HOST"))
	if err != nil {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(getenv("KUBERNETES_SERVICE_PORT"), 10, 16)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// startupOf gives what startUp kept, and waits for it while it is under way; nil
// where it is not over in time.
func startupOf(ctx context.Context, dir string) *facts.Startup {
	ctx, cancel := context.WithTimeout(ctx, startupWait)
	defer cancel()
	poll := time.NewTicker(startupPoll)
	defer poll.Stop()
	for {
		var startup facts.Startup
		raw, err := os.ReadFile(filepath.Join(dir, startupFile))
		if err == nil && json.Unmarshal(raw, &startup) == nil {
			return &startup
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return nil
		}
	}
}
