package node

import (
	"fmt"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// linkSteps bring an interface up again.
func (c *comparison) linkSteps(i facts.Interface) []check.Remedy {
	out := []check.Remedy{
		{Text: "Bring it up", Node: c.node.Name, Command: "ip link set " + i.Name + " up"},
		{Purpose: check.Verify, Text: "Check that it is up: the line must contain LOWER_UP", Node: c.node.Name, Command: "ip link show " + i.Name},
	}
	if i.Vxlan != nil {
		return append(out, peering.KeptByCNI(c.snapshot, c.node.Name)) // its routes and entries went with it
	}
	return append(out, remedies.WhereWritten(c.node.Name, "Find what takes it down, and correct it there", i.Name+" (down|ifdown)|ifdown "+i.Name+"|link set .*"+i.Name+".* down"))
}

// addressSteps put a node's address back, or take it from an interface that got it.
func (c *comparison) addressSteps(i facts.Interface, a netip.Addr, had bool) []check.Remedy {
	ip := dataplane.IP(dataplane.Of(a))
	show := check.Remedy{Purpose: check.Verify, Text: "Check the address: it must stand on one interface, the right one", Node: c.node.Name, Command: fmt.Sprintf("%s -br addr show to %s", ip, a)}
	prefix := netip.PrefixFrom(a, a.BitLen())
	for _, h := range []*facts.HostLook{c.first, c.last} {
		if there, ok := h.Interface(i.Name); ok {
			for _, p := range there.Addrs {
				if p.Addr() == a {
					prefix = p
				}
			}
		}
	}
	step := check.Remedy{Text: "Put it back", Node: c.node.Name, Command: fmt.Sprintf("%s addr add %s dev %s", ip, prefix, i.Name)}
	if !had {
		step = check.Remedy{Text: "Where it is not meant there, take it away", Node: c.node.Name, Command: fmt.Sprintf("%s addr del %s dev %s", ip, prefix, i.Name)}
	}
	return []check.Remedy{step, remedies.WhereWritten(c.node.Name, "Correct the network configuration, which sets it at the next boot or reload", a.String()), show}
}

// routeSteps let the network plugin set its routes again.
func (c *comparison) routeSteps(cidr netip.Prefix) []check.Remedy {
	ip := dataplane.IP(dataplane.Of(cidr.Addr()))
	out := []check.Remedy{remedies.RestartCNI(c.snapshot, c.node.Name)}
	return append(out, check.Remedy{
		Purpose: check.Verify, Text: "Check the route: one line must stand there", Node: c.node.Name, Command: fmt.Sprintf("%s route show %s", ip, cidr),
	})
}
