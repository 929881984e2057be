package inspect

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// OwnMAC is the hardware address of the interface with this host's (or pod's)
// address: the one the default route of IPv4, else of IPv6, leaves by, and where
// there is none the first one with a global address. Empty where it has none.
func OwnMAC() (string, error) {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		main := &netlink.Route{Table: unix.RT_TABLE_MAIN}
		routes, err := netlink.RouteListFiltered(family, main, netlink.RT_FILTER_TABLE)
		if err != nil {
			return "", fmt.Errorf("listing routes: %w", err)
		}
		for _, r := range routes {
			if r.LinkIndex == 0 || r.Dst != nil && !isDefault(*r.Dst) {
				continue
			}
			link, err := netlink.LinkByIndex(r.LinkIndex)
			if err != nil {
				return "", fmt.Errorf("looking up the device of the default route: %w", err)
			}
			return link.Attrs().HardwareAddr.String(), nil
		}
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return "", fmt.Errorf("listing addresses: %w", err)
	}
	for _, a := range addrs {
		if !a.IP.IsGlobalUnicast() {
			continue
		}
		link, err := netlink.LinkByIndex(a.LinkIndex)
		if err != nil {
			return "", fmt.Errorf("looking up the device of %s: %w", a.IP, err)
		}
		return link.Attrs().HardwareAddr.String(), nil
	}
	return "", nil
}

func isDefault(n net.IPNet) bool {
	ones, _ := n.Mask.Size()
	return ones == 0
}
