package capture

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/net/bpf"

	"github.com/plumbline-net/plumbline/framework/wire"
)

// Packets are built by a library's encoder, so that encoding and decoding are not
// two halves of one mistake.

var (
	podA, podB   = netip.MustParseAddr("10.244.1.5"), netip.MustParseAddr("10.244.2.7")
	podA6, podB6 = netip.MustParseAddr("fd00:1::5"), netip.MustParseAddr("fd00:2::7")
	nodeA, nodeB = netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("192.0.2.12")
	router       = netip.MustParseAddr("198.51.100.1")
	other        = netip.MustParseAddr("10.244.9.9")
)

// asked watches port 8080 between the pods, in tunnels of all kinds.
func asked() wire.Watch {
	return wire.Watch{
		Addrs: []netip.Addr{podA, podB, podA6, podB6}, Ports: []uint16{8080}, Protos: []string{"tcp", "udp", "icmp"},
		TunnelPorts: []uint16{8472, 4789, 6081}, Millis: 10_000, Packets: 1000,
	}
}

func ip(src, dst netip.Addr, proto layers.IPProtocol) gopacket.SerializableLayer {
	if src.Is6() {
		return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: net.IP(src.AsSlice()), DstIP: net.IP(dst.AsSlice())}
	}
	return &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Id: 777, Protocol: proto, SrcIP: net.IP(src.AsSlice()), DstIP: net.IP(dst.AsSlice())}
}

func tcpTo(port uint16) *layers.TCP {
	return &layers.TCP{SrcPort: 40000, DstPort: layers.TCPPort(port), Seq: 1000, Ack: 2000, SYN: true, ACK: true, ECE: true, Window: 1}
}

func udpTo(port uint16) *layers.UDP {
	return &layers.UDP{SrcPort: 40000, DstPort: layers.UDPPort(port)}
}

func ether(kind layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: kind}
}

func packet(t testing.TB, parts ...gopacket.SerializableLayer) []byte {
	t.Helper()
	out := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(out, gopacket.SerializeOptions{FixLengths: true}, parts...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inVXLAN puts a packet into a tunnel between the nodes.
func inVXLAN(t testing.TB, port uint16, inner []byte) []byte {
	t.Helper()
	return packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(port), &layers.VXLAN{ValidIDFlag: true, VNI: 42},
		ether(etherTypeOf(inner)), gopacket.Payload(inner))
}

func inGeneve(t testing.TB, inner []byte) []byte {
	t.Helper()
	options := []*layers.GeneveOption{{Class: 0x0102, Type: 1, Length: 4, Data: []byte{1, 2, 3, 4}}}
	g := &layers.Geneve{Protocol: layers.EthernetTypeTransparentEthernetBridging, VNI: 43, Options: options, OptionsLength: 8}
	return packet(t, ip(nodeA, nodeB, layers.IPProtocolUDP), udpTo(6081), g, ether(etherTypeOf(inner)), gopacket.Payload(inner))
}

func etherTypeOf(inner []byte) layers.EthernetType {
	if inner[0]>>4 == 6 {
		return layers.EthernetTypeIPv6
	}
	return layers.EthernetTypeIPv4
}

func quoting(t testing.TB, from netip.Addr, kind, code uint8, quoted []byte) []byte {
	t.Helper()
	if from.Is6() {
		body := append([]byte{0, 0, 0, 0}, quoted...)
		return packet(t, ip(from, podA6, layers.IPProtocolICMPv6), &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(kind, code)}, gopacket.Payload(body))
	}
	return packet(t, ip(from, podA, layers.IPProtocolICMPv4), &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, code)}, gopacket.Payload(quoted))
}

// passes runs the kernel's filter in its simulation.
func passes(t testing.TB, ask wire.Watch, p []byte) bool {
	t.Helper()
	raw, err := filter(ask)
	if err != nil {
		t.Fatal(err)
	}
	code, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("the filter has instructions that are none")
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(p)
	if err != nil {
		t.Fatal(err)
	}
	return n > 0
}
