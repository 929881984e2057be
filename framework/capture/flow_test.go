package capture

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func plainTCP(t testing.TB) []byte {
	return packet(t, ip(podA, podB, layers.IPProtocolTCP), tcpTo(8080))
}

func plainTCP6(t testing.TB) []byte {
	return packet(t, ip(podA6, podB6, layers.IPProtocolTCP), tcpTo(8080))
}

func TestPacketsOfTheFlowAreSeenWithBothEndsAndTheTunnel(t *testing.T) {
	at := netip.AddrPortFrom
	four := facts.Sighting{Proto: "tcp", Src: at(podA, 40000), Dst: at(podB, 8080), Flags: "SYN ACK", Seq: 1000, Ack: 2000, ID: 777, Length: 40}
	six := facts.Sighting{Proto: "tcp", Src: at(podA6, 40000), Dst: at(podB6, 8080), Flags: "SYN ACK", Seq: 1000, Ack: 2000, Length: 60}
	in := func(s facts.Sighting, tunnel string, vni int, port uint16) facts.Sighting {
		s.Tunnel, s.VNI = tunnel, vni
		s.OuterSrc, s.OuterDst = at(nodeA, 0), at(nodeB, 0)
		if port != 0 {
			s.OuterSrc, s.OuterDst = at(nodeA, 40000), at(nodeB, port)
		}
		return s
	}
	icmp := func(src, dst netip.Addr, says string, id uint32, length int) facts.Sighting {
		return facts.Sighting{Proto: "icmp", Src: at(src, 0), Dst: at(dst, 0), ICMP: says, ID: id, Length: length}
	}
	echo := packet(t, ip(podB, podA, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(0, 0), Id: 9, Seq: 3})
	tagged := packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(8472), &layers.VXLAN{ValidIDFlag: true, VNI: 42},
		ether(layers.EthernetTypeDot1Q), &layers.Dot1Q{VLANIdentifier: 7, Type: layers.EthernetTypeIPv4}, gopacket.Payload(plainTCP(t)))
	bareGeneve := packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(6081), &layers.Geneve{Protocol: layers.EthernetTypeIPv6, VNI: 5}, gopacket.Payload(plainTCP6(t)))
	overSix := packet(t, ip(podA6, podB6, layers.IPProtocolIPv4), gopacket.Payload(plainTCP(t)))
	six6 := four
	six6.Tunnel, six6.OuterSrc, six6.OuterDst = "ipip", at(podA6, 0), at(podB6, 0)
	cases := map[string]struct {
		packet []byte
		want   facts.Sighting
	}{
		"plain":                                    {plainTCP(t), four},
		"plain, IPv6":                              {plainTCP6(t), six},
		"padded to the least length of a frame":    {append(plainTCP(t), make([]byte, 20)...), four},
		"in VXLAN on Linux' own port":              {inVXLAN(t, 8472, plainTCP(t)), in(four, "vxlan", 42, 8472)},
		"in VXLAN, IPv6 inside":                    {inVXLAN(t, 4789, plainTCP6(t)), in(six, "vxlan", 42, 4789)},
		"in VXLAN with a VLAN tag":                 {tagged, in(four, "vxlan", 42, 8472)},
		"in Geneve with an option":                 {inGeneve(t, plainTCP(t)), in(four, "geneve", 43, 6081)},
		"in Geneve without a frame":                {bareGeneve, in(six, "geneve", 5, 6081)},
		"in IPIP":                                  {packet(t, ip(nodeA, nodeB, layers.IPProtocolIPv4), gopacket.Payload(plainTCP(t))), in(four, "ipip", 0, 0)},
		"in IP over IPv6":                          {overSix, six6},
		"an echo":                                  {echo, icmp(podB, podA, "echo reply", 3, 28)},
		"a refusal by a router that quotes it":     {quoting(t, router, 3, 10, plainTCP(t)[:28]), icmp(router, podA, "host prohibited (3/10)", 777, 56)},
		"too big, by a router, quoting the tunnel": {quoting(t, router, 3, 4, inVXLAN(t, 8472, plainTCP(t))), icmp(router, podA, "fragmentation needed (3/4)", 777, 124)},
		"a refusal inside the tunnel": {
			inVXLAN(t, 8472, quoting(t, other, 3, 3, plainTCP(t))), in(icmp(other, podA, "port unreachable (3/3)", 777, 68), "vxlan", 42, 8472),
		},
		"no route, IPv6":         {quoting(t, podB6, 1, 0, plainTCP6(t)), icmp(podB6, podA6, "no route (1/0)", 0, 108)},
		"an error without words": {quoting(t, router, 3, 200, plainTCP(t)), icmp(router, podA, "error (3/200)", 777, 68)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ours := newFlow(asked()).sighting(c.packet, len(c.packet))
			if !ours || got != c.want {
				t.Errorf("%v %+v\nexpected  %+v", ours, got, c.want)
			}
			if !passes(t, asked(), c.packet) {
				t.Error("the kernel's filter throws it away")
			}
		})
	}
}

func TestPacketsOfOthersAreNotSeen(t *testing.T) {
	foreign := packet(t, ip(podA, other, layers.IPProtocolTCP), tcpTo(8080))
	cases := map[string]struct {
		packet []byte
		kernel bool // lets it pass: it is told apart here
	}{
		"one end is another":                 {foreign, false},
		"one end is another, in VXLAN":       {inVXLAN(t, 8472, foreign), false},
		"one end is another, in Geneve":      {inGeneve(t, foreign), false},
		"another port":                       {packet(t, ip(podA, podB, layers.IPProtocolTCP), tcpTo(443)), true},
		"another protocol":                   {packet(t, ip(podA, podB, layers.IPProtocolSCTP), gopacket.Payload(make([]byte, 20))), true},
		"an error about another flow":        {quoting(t, router, 3, 1, foreign), false},
		"an error about another in a tunnel": {quoting(t, router, 3, 4, inVXLAN(t, 8472, foreign)), false},
		"an error about an error":            {quoting(t, router, 3, 1, quoting(t, router, 3, 1, plainTCP(t))), false},
		"an echo of another":                 {packet(t, ip(podA, other, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0)}), false},
		"a neighbour's question":             {packet(t, ip(podA6, podB6, layers.IPProtocolICMPv6), &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(135, 0)}, gopacket.Payload(make([]byte, 20))), true},
		"a tunnel packet with nothing":       {packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(8472)), false},
		"a tunnel packet without a number":   {packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(8472), &layers.VXLAN{}, ether(layers.EthernetTypeARP), gopacket.Payload(make([]byte, 28))), false},
		"nothing at all":                     {nil, false},
		"the beginning of a header":          {plainTCP(t)[:9], false},
		"a header that says it is too long":  {append([]byte{0x4f}, plainTCP(t)[1:30]...), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got, ours := newFlow(asked()).sighting(c.packet, len(c.packet)); ours {
				t.Errorf("%+v", got)
			}
			if got := passes(t, asked(), c.packet); got != c.kernel {
				t.Errorf("the kernel's filter lets it pass: %v", got)
			}
		})
	}
}

func TestTheTunnelsOwnPacketsBelongToAFlowThatNamesItsPort(t *testing.T) {
	p := inVXLAN(t, 8472, packet(t, ip(podA, other, layers.IPProtocolTCP), tcpTo(8080)))
	ask := wire.Watch{Addrs: []netip.Addr{nodeA, nodeB}, Protos: []string{"udp"}, TunnelPorts: []uint16{8472}}
	if _, ours := newFlow(ask).sighting(p, len(p)); ours {
		t.Error("without the port")
	}
	ask.Ports = []uint16{8472}
	if s, ours := newFlow(ask).sighting(p, len(p)); !ours || s.Tunnel != "" || s.Dst.Port() != 8472 || !passes(t, ask, p) {
		t.Errorf("with the port: %v %+v", ours, s)
	}
}

func TestAQuestionOfDNSIsKnownByItsID(t *testing.T) {
	ask := asked()
	ask.Ports = []uint16{53, 5353}
	for _, port := range ask.Ports {
		p := packet(t, ip(podA6, podB6, layers.IPProtocolUDP), udpTo(port), gopacket.Payload{0xab, 0xcd, 1, 0})
		if s, ours := newFlow(ask).sighting(p, len(p)); !ours || s.ID != 0xabcd || s.Proto != "udp" {
			t.Errorf("%v %+v", ours, s)
		}
	}
}

func TestLaterFragmentsFollowTheFirstOfTheirPacket(t *testing.T) {
	of := func(port uint16, id uint16, offset uint16) []byte {
		more := layers.IPv4MoreFragments
		payload := []gopacket.SerializableLayer{udpTo(port), gopacket.Payload(make([]byte, 64))}
		if offset > 0 {
			more, payload = 0, []gopacket.SerializableLayer{gopacket.Payload(make([]byte, 64))}
		}
		h := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Id: id, Flags: more, FragOffset: offset, Protocol: layers.IPProtocolUDP, SrcIP: podA.AsSlice(), DstIP: podB.AsSlice()}
		return packet(t, append([]gopacket.SerializableLayer{h}, payload...)...)
	}
	f := newFlow(asked())
	for _, step := range []struct {
		name string
		p    []byte
		ours bool
	}{
		{"later before the first", of(8080, 1, 9), false},
		{"first", of(8080, 1, 0), true},
		{"later", of(8080, 1, 9), true},
		{"first of another port", of(443, 2, 0), false},
		{"later of another port", of(443, 2, 9), false},
	} {
		s, ours := f.sighting(step.p, len(step.p))
		if ours != step.ours {
			t.Errorf("%s: %v", step.name, ours)
		}
		if ours && s.Length != len(step.p) {
			t.Errorf("%s: %+v", step.name, s)
		}
		if !passes(t, asked(), step.p) {
			t.Errorf("%s: the kernel's filter throws it away", step.name)
		}
	}
}

func TestManyAddressesStillMakeAFilter(t *testing.T) {
	ask := asked()
	for i := range 2 * maxCompared {
		ask.Addrs = append(ask.Addrs, netip.AddrFrom16([16]byte{0xfd, 15: byte(i)}), netip.AddrFrom4([4]byte{10, 0, byte(i), 1}))
	}
	if !passes(t, ask, plainTCP(t)) || !passes(t, ask, inVXLAN(t, 8472, plainTCP6(t))) {
		t.Error("a packet of the flow is thrown away")
	}
	ask.Addrs = ask.Addrs[:2*maxCompared]
	if !passes(t, ask, plainTCP(t)) || passes(t, ask, packet(t, ip(podA, other, layers.IPProtocolTCP), tcpTo(1))) {
		t.Error("the largest filter of addresses does not sift")
	}
}
