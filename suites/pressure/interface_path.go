package pressure

import (
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// limit is how much one counter of an interface may grow in a run. What grows
// less is no finding: it must be from at least, and one packet in share of those
// that the counter of counts (0: however many packets there were).
type limit struct {
	counter, of   string
	from, share   int64
	says          string
	next, command string // what to look at; %s is the interface
	repair, mend  string // what to do about it; %s is the interface
}

// Of what a card receives, frames that nobody asked for (LLDP, spanning tree, an
// unknown VLAN) are counted as dropped, so a few in a thousand mean nothing. A
// tunnel drops what has no forwarding entry: its own router solicitations and
// multicast reports, a dozen in the first minutes.
const (
	few      = 20
	perMille = 1000
	perCent  = 100
)

func limits(i facts.Interface) []limit {
	key := "iface." + i.Name + "."
	errorsFrom := int64(1)
	virtual := i.Vxlan != nil || slices.Contains([]string{"vxlan", "bridge", "ipip", "geneve", "wireguard", "gre", "sit", "ip6tnl", "tun"}, i.Kind)
	if virtual {
		errorsFrom = few
	}
	const wire = "Look at the card, its cable and its switch port"
	out := []limit{
		{counter: key + "rx_dropped", of: key + "rx_packets", from: few, share: perCent, says: "packets were dropped on arrival", next: "See whether the ring is too small", command: "ethtool -g %[1]s; ethtool -S %[1]s | grep -iE 'drop|discard'", repair: "Make its ring as large as the card allows", mend: "ethtool -G %s rx $(ethtool -g %s | awk '/^RX:/{print $2; exit}')"},
		{counter: key + "tx_dropped", of: key + "tx_packets", from: few, share: perMille, says: "packets were dropped on leaving", next: "See what the device says", command: "ip -d -s link show dev %s", repair: "Make its send queue longer", mend: "ip link set %s txqueuelen 5000"},
		{counter: key + "rx_errors", from: errorsFrom, share: perMille, says: "damaged packets arrived", next: wire, command: "ethtool -S %s | grep -iE 'err|crc'", repair: "Change the cable or the switch port; until then, move the pods away from a node whose card loses packets (this takes the link down and up once more)", mend: "ip link set %s down; ip link set %s up; ethtool -r %s"},
		{counter: key + "tx_errors", from: errorsFrom, share: perMille, says: "sending failed", next: wire, command: "ethtool -S %s | grep -iE 'err|carrier'", repair: "Change the cable or the switch port; until then, move the pods away from a node whose card loses packets (this takes the link down and up once more)", mend: "ip link set %s down; ip link set %s up; ethtool -r %s"},
		{counter: key + "rx_missed_errors", from: errorsFrom, share: perMille, says: "the card had no room for packets that arrived", next: "See how large its ring is, and how large it can be", command: "ethtool -g %s", repair: "Make its ring as large as the card allows", mend: "ethtool -G %s rx $(ethtool -g %s | awk '/^RX:/{print $2; exit}')"},
		{counter: "qdisc." + i.Name + ".drops", of: key + "tx_packets", from: few, share: perMille, says: "packets were dropped in the send queue", next: "See which queue it is, and whether somebody limits the rate", command: "tc -s -d qdisc show dev %s", repair: "Take the limit away where nobody meant it: the kernel sets its own queue again", mend: "tc qdisc del dev %s root"},
	}
	if !virtual { // that of a bridge comes and goes with its pods
		out = append(out, limit{counter: key + "carrier_changes", from: 1, share: perMille, says: "the carrier was lost or came back", next: wire, command: "dmesg -T | grep -i 'link is' ; ethtool %s", repair: "Change the cable or the switch port; until then, move the pods away from a node whose card loses packets (this takes the link down and up once more)", mend: "ip link set %s down; ip link set %s up; ethtool -r %s"})
	}
	return out
}

// pathOf are the interfaces which traffic of pods and hosts passes: that with the
// node's address and what it is made of, those towards the peers' pods and what
// carries them, and the bridge of the node's own pods.
func pathOf(s *facts.Snapshot, h host) []facts.Interface {
	var out []facts.Interface
	var add func(name string)
	add = func(name string) {
		i, ok := h.last.Interface(name)
		if !ok || slices.ContainsFunc(out, func(o facts.Interface) bool { return o.Name == name }) {
			return
		}
		out = append(out, i)
		add(i.Parent)
		if i.Vxlan != nil {
			add(i.Vxlan.Device)
		}
		for _, port := range h.last.Interfaces {
			if port.Master == name && i.Kind != "bridge" { // the members of a bond
				add(port.Name)
			}
		}
		if m, ok := h.last.Interface(i.Master); ok && m.Kind != "bridge" {
			add(m.Name)
		}
	}
	for _, i := range h.last.Interfaces {
		if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return slices.Contains(h.Internal, p.Addr()) }) {
			add(i.Name)
		}
	}
	routes := dataplane.RoutesOf(*h.last)
	for _, f := range s.Cluster.Families {
		for _, peer := range s.Nodes {
			for _, p := range dataplane.Pods(peer, f) {
				if peer.Name != h.Name {
					add(routes.Towards(p))
				}
			}
		}
		for _, name := range dataplane.Local(*h.last, dataplane.Pods(h.Node, f)) {
			if i, ok := h.last.Interface(name); ok && i.Kind == "bridge" {
				add(name)
			}
		}
	}
	return out
}
