package inspect

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// MTU is that of the interface with this host's (or pod's) address, in bytes:
// the one the default route of IPv4, else of IPv6, leaves by, and where there is
// none the first one up with a global address. No name is guessed.
func MTU() (int, error) {
	all, err := interfaces()
	if err != nil && len(all) == 0 {
		return 0, err
	}
	for _, family := range []facts.Family{facts.IPv4, facts.IPv6} {
		main := &netlink.Route{Table: unix.RT_TABLE_MAIN}
		routes, err := dumped(func() ([]netlink.Route, error) {
			return netlink.RouteListFiltered(families()[family], main, netlink.RT_FILTER_TABLE)
		})
		if err != nil {
			return 0, fmt.Errorf("listing %s routes: %w", family, err)
		}
		for _, r := range routes {
			if p, ok := prefix(r.Dst); ok && p.Bits() > 0 || r.LinkIndex == 0 {
				continue
			}
			for _, i := range all {
				if i.Index == r.LinkIndex {
					return i.MTU, nil
				}
			}
		}
	}
	for _, i := range all {
		if i.Up && hasGlobal(i.Addrs) {
			return i.MTU, nil
		}
	}
	return 0, fmt.Errorf("no interface has a default route or a global address")
}

func hasGlobal(addrs []netip.Prefix) bool {
	for _, a := range addrs {
		if a.Addr().IsGlobalUnicast() {
			return true
		}
	}
	return false
}
