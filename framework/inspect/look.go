// Package inspect looks at the host it runs on: kernel settings, interfaces,
// routes, packet filter rules, files. It only reads, and every part fails by
// itself. What it must not do is written at each part: some harmless-looking
// readers load kernel modules.
package inspect

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// part reads one source. It returns what puts the result into a look, also
// where an error says that the result is not whole.
type part struct {
	what string
	read func(ctx context.Context) (func(*facts.HostLook), error)
}

// Look looks at the host and never fails as a whole: what could not be read, or
// not before ctx ended, stands in HostLook.Errors. The node's name is the caller's.
func Look(ctx context.Context, ask wire.Inspect) facts.HostLook {
	h := facts.HostLook{Look: ask.Look}
	root := cmp.Or(ask.HostRoot, "/")
	parts := []part{
		{"kernel", readKernel},
		{"sysctls", readSysctls},
		{"sysctl files", func(context.Context) (func(*facts.HostLook), error) { return readSysctlFiles(root) }},
		{"interfaces", readInterfaces},
		{"routes", readRoutes},
		{"rules", readRules},
		{"neighbors", readNeighbors},
		{"fdb", readFDB},
		{"lookups", func(context.Context) (func(*facts.HostLook), error) { return readLookups(ask.Lookups) }},
		{"firewall", readFirewall},
		{"resolv.conf", func(context.Context) (func(*facts.HostLook), error) { return readHostResolvConf(root) }},
	}
	together(ctx, &h, parts)
	slices.SortFunc(h.Errors, func(a, b facts.Error) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Says, b.Says)) })
	return h
}

type read struct {
	index int
	apply func(*facts.HostLook)
	err   error
}

// together runs the parts side by side. One that hangs (a file on a dead network
// file system cannot be interrupted) is left behind when ctx ends.
func together(ctx context.Context, h *facts.HostLook, parts []part) {
	results := make(chan read, len(parts))
	for i, p := range parts {
		go func() {
			apply, err := p.read(ctx)
			results <- read{i, apply, err}
		}()
	}
	pending := make(map[int]bool, len(parts))
	for i := range parts {
		pending[i] = true
	}
	for len(pending) > 0 {
		select {
		case r := <-results:
			delete(pending, r.index)
			if r.apply != nil {
				r.apply(h)
			}
			if r.err != nil {
				h.Errors = append(h.Errors, facts.Error{What: parts[r.index].what, Says: r.err.Error()})
			}
		case <-ctx.Done():
			for i := range pending {
				h.Errors = append(h.Errors, facts.Error{What: parts[i].what, Says: fmt.Sprintf("not read in time: %v", ctx.Err())})
			}
			return
		}
	}
}
