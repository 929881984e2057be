package dropwatch

import (
	"net/netip"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netlab"
)

const nearPod, farPod = "10.244.1.1", "10.244.2.1"

// newTunnel is a pair with VXLAN over it, as flannel has it, and the filter of a flow
// between two pods with the nodes' addresses.
func newTunnel(t *testing.T) (pair, Filter) {
	t.Helper()
	p := newPair(t)
	for _, end := range []struct {
		n                                 *netlab.Namespace
		own, mac, pod, far, farMAC, farIP string
	}{
		{p.near, near4, "02:00:00:00:00:01", nearPod, far4, "02:00:00:00:00:02", farPod},
		{p.far, far4, "02:00:00:00:00:02", farPod, near4, "02:00:00:00:00:01", nearPod},
	} {
		end.n.IP(t, "link add vx1 address "+end.mac+" type vxlan id 1 local "+end.own+" remote "+end.far+" dev eth0 dstport 8472\n"+
			"addr add "+end.pod+"/32 dev vx1\nlink set vx1 up\nroute add "+end.farIP+"/32 dev vx1 src "+end.pod+"\n"+
			"neigh add "+end.farIP+" lladdr "+end.farMAC+" dev vx1 nud permanent")
	}
	f := Filter{Protos: []string{"udp"}, Ports: []uint16{9000, 8472}}
	for _, a := range []string{near4, far4, nearPod, farPod} {
		f.Addrs = append(f.Addrs, netip.MustParseAddr(a))
	}
	return p, f
}

func TestATunnelDroppedInInputShowsItsOuterAddresses(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	p, f := newTunnel(t)
	p.far.NFT(t, "table ip t { chain input { type filter hook input priority 0; udp dport 8472 drop; }; }")
	w := watchIn(t, p.far, f)
	send(t, p.near, nearPod+":4000", farPod+":9000", 5, 10)
	got := placed(t, stopAfter(t, w, 5))
	if len(got) != 1 || got[0].Reason != "NETFILTER_DROP" || got[0].Count != 5 || got[0].Src.Addr().String() != near4 || got[0].Dst.String() != far4+":8472" {
		t.Errorf("got %+v", got)
	}
}

func TestAPacketOutOfATunnelShowsItsInnerAddresses(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	p, f := newTunnel(t)
	p.far.NFT(t, "table ip t { chain input { type filter hook input priority 0; udp dport 9000 drop; }; }")
	w := watchIn(t, p.far, f)
	send(t, p.near, nearPod+":4000", farPod+":9000", 5, 10)
	expect(t, placed(t, stopAfter(t, w, 5)), []facts.KernelDrop{drop("NETFILTER_DROP", "", "udp", nearPod+":4000", farPod+":9000", 5)})
}

// TestAnICMPErrorAboutTheFlowIsOfTheFlow: a router that is not among the addresses
// says that a packet does not fit, and that is thrown away: a path MTU black hole.
func TestAnICMPErrorAboutTheFlowIsOfTheFlow(t *testing.T) {
	netlab.Require(t, "ip", "nft")
	for _, c := range []struct{ name, src, dst, router string }{
		{"IPv4", "10.1.0.1", "10.2.0.1", "10.1.0.254"},
		{"IPv6", "fd01::1", "fd02::1", "fd01::fe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			near := routed(t)
			near.NFT(t, "table inet t { chain input { type filter hook input priority 0; icmp type destination-unreachable drop; icmpv6 type packet-too-big drop; }; }")
			f := Filter{Addrs: []netip.Addr{netip.MustParseAddr(c.src), netip.MustParseAddr(c.dst)}, Ports: []uint16{9000}, Protos: []string{"udp"}}
			w := watchIn(t, near, f)
			f.Ports = []uint16{9001}
			other := watchIn(t, near, f)
			send(t, near, netip.AddrPortFrom(f.Addrs[0], 4000).String(), netip.AddrPortFrom(f.Addrs[1], 9000).String(), 1, 1400)
			none := netip.AddrPortFrom(netip.MustParseAddr(c.router), 0).String()
			expect(t, placed(t, stopAfter(t, w, 1)), []facts.KernelDrop{
				drop("NETFILTER_DROP", "", "icmp", none, netip.AddrPortFrom(f.Addrs[0], 0).String(), 1),
			})
			expect(t, stopAfter(t, other, 0), []facts.KernelDrop{})
		})
	}
}

// routed is a namespace whose packets go by a router into a link with an MTU of 1300.
func routed(t *testing.T) *netlab.Namespace {
	t.Helper()
	near, router, far := netlab.New(t, "near"), netlab.New(t, "router"), netlab.New(t, "far")
	netlab.Join(t, near, "eth0", router, "left")
	netlab.Join(t, router, "right", far, "eth0")
	router.Set(t, "net/ipv4/ip_forward", "1")
	router.Set(t, "net/ipv6/conf/all/forwarding", "1")
	near.IP(t, "addr add 10.1.0.1/24 dev eth0\naddr add fd01::1/64 dev eth0 nodad\nroute add default via 10.1.0.254\nroute add fd02::/64 via fd01::fe")
	router.IP(t, "addr add 10.1.0.254/24 dev left\naddr add fd01::fe/64 dev left nodad\n"+
		"link set right mtu 1300\naddr add 10.2.0.254/24 dev right\naddr add fd02::fe/64 dev right nodad")
	far.IP(t, "addr add 10.2.0.1/24 dev eth0\naddr add fd02::1/64 dev eth0 nodad\nroute add default via 10.2.0.254\nroute add fd01::/64 via fd02::fe")
	return near
}
