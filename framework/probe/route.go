package probe

import (
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// route is how the kernel would send to an address.
type route struct {
	mtu   int  // bytes
	local bool // the address is this host's own
}

// routeTo asks the kernel for the route to an address (RTM_GETROUTE). The MTU is
// that of the device, or the route's own where a CNI sets a smaller one: what
// applications send is held to the smaller of both.
func routeTo(to netip.Addr) (route, error) {
	found, err := netlink.RouteGet(to.AsSlice())
	if err != nil {
		return route{}, fmt.Errorf("looking up the route to %s: %w", to, err)
	}
	if len(found) == 0 {
		return route{}, fmt.Errorf("looking up the route to %s: %w", to, unix.ENETUNREACH)
	}
	link, err := netlink.LinkByIndex(found[0].LinkIndex)
	if err != nil {
		return route{}, fmt.Errorf("looking up the device towards %s: %w", to, err)
	}
	r := route{mtu: link.Attrs().MTU, local: found[0].Type == unix.RTN_LOCAL}
	if own := routeMTU(to); own > 0 {
		r.mtu = min(r.mtu, own)
	}
	return r, nil
}

// routeMTU is the MTU that was configured on the route, or 0. The ordinary
// lookup would also name a path MTU that the kernel learnt from an ICMP error in
// the last minutes (route/mtu_expires); to measure up to that only would hide
// the very fault, so the routing table's own entry is asked for (RTM_F_FIB_MATCH).
func routeMTU(to netip.Addr) int {
	found, err := netlink.RouteGetWithOptions(to.AsSlice(), &netlink.RouteGetOptions{FIBMatch: true})
	if err != nil || len(found) == 0 {
		return 0
	}
	return found[0].MTU
}
