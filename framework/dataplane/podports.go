package dataplane

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// podKinds are the kinds of link of which one end is a pod's: veth(4), netkit
// (drivers/net/netkit.c), and the taps of virtual machines.
var podKinds = []string{"veth", "netkit", "tun"}

// PodPort says whether an interface of a host is its end of a pod's link, which comes
// and goes with the pod. It has no address, or single ones, as the plugin ptp gives
// the pod's gateway to each; a NIC that is a veth, as in a node that is a container,
// has an address with a network.
func PodPort(i facts.Interface) bool {
	return slices.Contains(podKinds, i.Kind) && !slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool {
		return p.Addr().IsGlobalUnicast() && !p.IsSingleIP()
	})
}

// PodPortNamed says it of the interface of that name; false where the host has none.
func PodPortNamed(h *facts.HostLook, name string) bool {
	i, ok := h.Interface(name)
	return ok && PodPort(i)
}
