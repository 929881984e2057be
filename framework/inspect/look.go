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
	"sync"

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
	together(ctx, &h, parts(ctx, ask))
	if ask.Compute {
		// By itself, as the rest of the look would be measured with it.
		together(ctx, &h, []part{{"compute", readCompute}})
	}
	slices.SortFunc(h.Errors, func(a, b facts.Error) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Says, b.Says)) })
	return h
}

// parts are what a look is made of.
func parts(ctx context.Context, ask wire.Inspect) []part {
	root, has := cmp.Or(ask.HostRoot, "/"), symbols()
	processes := sync.OnceValues(func() ([]process, error) { return listProcesses(ctx, procRoot) })
	type result = func(*facts.HostLook)
	return []part{
		{"kernel", readKernel},
		{"sysctls", readSysctls},
		{"sysctl files", func(context.Context) (result, error) { return readSysctlFiles(root) }},
		{"interfaces", readInterfaces},
		{"routes", readRoutes},
		{"rules", readRules},
		{"neighbors", readNeighbors},
		{"fdb", readFDB},
		{"lookups", func(context.Context) (result, error) { return readLookups(ask.Lookups) }},
		{"firewall", func(ctx context.Context) (result, error) { return readFirewall(ctx, has) }},
		{"resolv.conf", func(context.Context) (result, error) { return readHostResolvConf(root) }},
		{"counters", func(context.Context) (result, error) { return readProcCounters(procRoot) }},
		{"counters of interfaces", func(context.Context) (result, error) { return readLinkCounters() }},
		{"counters of neighbour tables", func(context.Context) (result, error) { return readNeighborTables() }},
		{"counters of connection tracking", func(context.Context) (result, error) { return readConntrack(procRoot, has) }},
		{"processes", func(context.Context) (result, error) {
			all, err := processes()
			return func(h *facts.HostLook) { h.Processes = byName(all) }, err
		}},
		{"sockets", func(ctx context.Context) (result, error) {
			all, _ := processes() // what went wrong is told with the processes
			return readSockets(ctx, procRoot, all, ask.Listening, has)
		}},
		{"distribution", func(context.Context) (result, error) { return readDistribution(root) }},
		{"kubelet", func(context.Context) (result, error) {
			all, _ := processes() // what went wrong is told with the processes
			return readKubelet(root, procRoot, all)
		}},
		{"cni", func(context.Context) (result, error) { return readCNI(root) }},
		{"load", func(context.Context) (result, error) { return readLoad(procRoot, "/sys") }},
		{"filesystems", func(context.Context) (result, error) { return readFilesystems(root) }},
		{"machine-id", func(context.Context) (result, error) { return readMachineID(root) }},
		{"kube-proxy", readProxy},
		{"ipvs", func(context.Context) (result, error) { return readIPVS(procRoot) }},
	}
}

type read struct {
	index int
	apply func(*facts.HostLook)
	err   error
}

// reading reads a part. A library that stumbles over what it does not expect of a
// kernel costs its part, not the look.
func (p part) reading(ctx context.Context, index int) (r read) {
	defer func() {
		if says := recover(); says != nil {
			r = read{index: index, err: fmt.Errorf("not understood: %v", says)}
		}
	}()
	apply, err := p.read(ctx)
	return read{index, apply, err}
}

// together runs the parts side by side. One that hangs (a file on a dead network
// file system cannot be interrupted) is left behind when ctx ends.
func together(ctx context.Context, h *facts.HostLook, parts []part) {
	results := make(chan read, len(parts))
	for i, p := range parts {
		go func() {
			results <- p.reading(ctx, i)
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
