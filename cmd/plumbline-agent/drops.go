package main

import (
	"context"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dropwatch"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// startDrops asks the kernel why it drops packets of the flow, and gives what
// ends that: the drops, and why they are not known or not all of them. A watch
// goes on without.
func startDrops(ctx context.Context, ask wire.Watch) func() (drops []facts.KernelDrop, missing string) {
	asked, err := dropwatch.Start(ctx, dropFilter(ask))
	if err != nil {
		return func() ([]facts.KernelDrop, string) { return nil, err.Error() }
	}
	return func() ([]facts.KernelDrop, string) {
		drops, err := asked.Stop()
		if err != nil {
			return drops, err.Error()
		}
		return drops, ""
	}
}

// dropFilter asks for the flow and, where its tunnels' ends are among the
// addresses, for what they send each other.
func dropFilter(ask wire.Watch) dropwatch.Filter {
	f := dropwatch.Filter{Addrs: ask.Addrs, Protos: slices.Clone(ask.Protos)}
	// Without ports of its own (ICMP), a flow has those of its tunnels only: other UDP
	// between the same nodes is none of it.
	f.Ports = slices.Concat(ask.Ports, ask.TunnelPorts)
	if len(ask.TunnelPorts) > 0 {
		f.Protos = append(f.Protos, "udp", "ipip")
	}
	slices.Sort(f.Protos)
	f.Protos = slices.Compact(f.Protos)
	return f
}
