package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/net/bpf"

	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// maxInstructions is BPF_MAXINSNS (linux/bpf_common.h).
	maxInstructions = 4096
	// maxCompared bounds how many addresses of a family the kernel compares; for more,
	// it lets the family pass, and they are compared here.
	maxCompared = 48
	// whole is what the filter returns for a packet that passes: all of its bytes.
	whole = 0x7fffffff
)

// The kernel's scratch memory: where the packet that is looked at begins, and a
// word that is needed again soon.
const (
	scratchBase = iota
	scratchWord
)

// filter is the classic BPF program (Documentation/networking/filter.rst) that
// runs in the kernel over the packets of a cooked socket, which begin with the
// outermost IP header. It lets through at least what flow takes, and little more:
// packets between the addresses, also inside a tunnel, and ICMP errors that quote
// such a packet. A read beyond a packet's end throws it away.
func filter(ask wire.Watch) ([]bpf.RawInstruction, error) {
	p := &program{labels: map[string]int{}}
	p.do(bpf.LoadConstant{Dst: bpf.RegX, Val: 0})
	p.look(ask, "packet", "quoted")
	p.look(ask, "quoted", "")
	p.label("accept")
	p.do(bpf.RetConstant{Val: whole})
	p.label("drop")
	p.do(bpf.RetConstant{})
	return p.assemble()
}

// look judges the IP packet at X; one that an ICMP error quotes is looked at next.
func (p *program) look(ask wire.Watch, scope, quoted string) {
	p.scope = scope
	p.label("packet")
	p.do(bpf.StoreScratch{Src: bpf.RegX, N: scratchBase})
	p.outer(ask.TunnelPorts, ask.Ports)
	p.unwrapped()
	p.inner(ask.Addrs, quoted)
}

// The steps of outer and unwrapped leave in the register X where the innermost
// IP header begins.

func (p *program) outer(tunnelPorts, ports []uint16) {
	p.version("outer4", "outer6")
	p.label("outer4")
	p.do(bpf.LoadIndirect{Off: 6, Size: 2}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x1fff})
	p.unless(0, "plain") // a later fragment
	p.do(bpf.LoadIndirect{Off: 9, Size: 1}, bpf.StoreScratch{Src: bpf.RegA, N: scratchWord})
	p.skip4()
	p.carries()
	p.label("outer6")
	p.do(bpf.LoadIndirect{Off: 6, Size: 1}, bpf.StoreScratch{Src: bpf.RegA, N: scratchWord})
	p.skip(header6)
	p.carries()
	p.label("udp")
	for _, end := range []uint32{2, 0} { // the destination's port, then the source's
		p.do(bpf.LoadIndirect{Off: end, Size: 2})
		for _, port := range tunnelPorts {
			p.when(uint32(port), tunnelLabel(port, ports))
		}
	}
	p.jump("plain")
}

// tunnelLabel: of a tunnel that is watched itself everything is of interest.
func tunnelLabel(port uint16, watched []uint16) string {
	switch {
	case slices.Contains(watched, port):
		return "accept"
	case port == genevePort:
		return geneve
	default:
		return vxlan
	}
}

// carries goes by the protocol that was put aside; X is behind the header.
func (p *program) carries() {
	p.do(bpf.LoadScratch{Dst: bpf.RegA, N: scratchWord})
	p.when(protoUDP, "udp")
	p.when(protoIPv4, "ip")
	p.when(protoIPv6, "ip")
	p.jump("plain")
}

func (p *program) unwrapped() {
	const kind, options = udpHeader + 2, udpHeader
	p.label(geneve)
	p.do(bpf.LoadIndirect{Off: kind, Size: 2}, bpf.StoreScratch{Src: bpf.RegA, N: scratchWord})
	p.do(bpf.LoadIndirect{Off: options, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x3f})
	p.do(bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2}, bpf.ALUOpX{Op: bpf.ALUOpAdd}, bpf.TAX{}, bpf.LoadScratch{Dst: bpf.RegA, N: scratchWord})
	p.when(etherBridged, vxlan) // from here on it is laid out alike
	p.when(etherIPv4, "bare")
	p.when(etherIPv6, "bare")
	p.jump("drop")
	const frame = udpHeader + tunnelHeader
	p.label(vxlan)
	p.do(bpf.LoadIndirect{Off: frame + etherHeader - 2, Size: 2})
	p.when(etherIPv4, "framed")
	p.when(etherIPv6, "framed")
	p.when(etherVLAN, "tagged")
	p.jump("drop")
	for _, step := range []struct {
		label string
		skip  uint32
	}{{"bare", frame}, {"framed", frame + etherHeader}, {"tagged", frame + etherHeader + 4}} {
		p.label(step.label)
		p.skip(step.skip)
		p.jump("ip")
	}
	p.label("plain")
	p.do(bpf.LoadScratch{Dst: bpf.RegX, N: scratchBase})
}

// inner judges the innermost IP packet, at X.
func (p *program) inner(addrs []netip.Addr, quoted string) {
	p.label("ip")
	p.version("ip4", "ip6")
	p.label("ip4")
	p.between(addrs, 4, 12, 16, "icmp4")
	p.label("icmp4")
	p.do(bpf.LoadIndirect{Off: 9, Size: 1})
	p.unless(protoICMP, "drop")
	p.skip4()
	p.errors(icmpErrors(false), "error")
	p.label("ip6")
	p.between(addrs, 16, 8, 24, "icmp6")
	p.label("icmp6")
	p.do(bpf.LoadIndirect{Off: 6, Size: 1})
	p.unless(protoICMPv6, "drop")
	p.skip(header6)
	p.errors(icmpErrors(true), "error")
	p.label("error")
	if quoted == "" {
		p.jump("drop") // an error never quotes an error
		return
	}
	p.skip(icmpHeader)
	p.scope = quoted
	p.jump("packet")
}

// errors goes by the type of the ICMP message at X.
func (p *program) errors(kinds []uint8, found string) {
	p.do(bpf.LoadIndirect{Off: 0, Size: 1})
	for _, kind := range kinds {
		p.when(uint32(kind), found)
	}
	p.jump("drop")
}

// between accepts where both addresses, size bytes long, are among those given.
func (p *program) between(addrs []netip.Addr, size int, src, dst uint32, otherwise string) {
	var own [][]byte
	for _, a := range addrs {
		if raw := a.Unmap().AsSlice(); len(raw) == size {
			own = append(own, raw)
		}
	}
	if len(own) > maxCompared {
		p.jump("accept")
		return
	}
	isOurs := fmt.Sprintf("source of %d bytes", size)
	p.oneOf(own, src, isOurs)
	p.jump(otherwise)
	p.label(isOurs)
	p.oneOf(own, dst, "accept")
	p.jump(otherwise)
}

func (p *program) oneOf(addrs [][]byte, at uint32, found string) {
	for n, a := range addrs {
		next := fmt.Sprintf("%d bytes at %d are not address %d", len(a), at, n)
		for i := 0; i < len(a); i += 4 {
			p.do(bpf.LoadIndirect{Off: at + uint32(i), Size: 4})
			p.unless(binary.BigEndian.Uint32(a[i:]), next)
		}
		p.jump(found)
		p.label(next)
	}
}
