package inspect

import (
	"context"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Counted is a look at what counts and nothing else: the firewall's rules with
// their counters, and the counters of kernel and devices (HostLook.Firewall and
// HostLook.Counters). It is for two looks, close one after the other, at what
// moved. Like Look it never fails as a whole, and only reads.
func Counted(ctx context.Context) facts.HostLook {
	counts := []string{
		"firewall", "counters", "counters of interfaces", "counters of neighbour tables", "counters of connection tracking",
	}
	var h facts.HostLook
	together(ctx, &h, slices.DeleteFunc(parts(ctx, wire.Inspect{}), func(p part) bool { return !slices.Contains(counts, p.what) }))
	return h
}
