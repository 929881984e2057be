package dropwatch

import (
	"encoding/binary"
	"strconv"

	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// extensionHeaders is how many IPv6 extension headers are passed over before the
// program stops looking for ports.
const extensionHeaders = 4

// packet writes the instructions that read an IP packet whose header's address is
// in R7 into a key on the stack: protocol, addresses, ports. R8 is then the address
// of what follows the IP header, zero where that is a later fragment. It goes to
// out where there is no IP packet.
type packet struct {
	*builder
	name string // tells the labels of two packets apart
	key  int16  // where its key begins on the stack
	out  string
}

func (p packet) label(name string) string { return p.name + " " + name }

func (p packet) parse() {
	p.read(scratch, 1, asm.R7, 0, p.out)
	p.add(
		asm.LoadMem(asm.R8, asm.RFP, scratch, asm.Byte),
		asm.Mov.Reg(asm.R1, asm.R8), asm.RSh.Imm(asm.R1, 4),
		asm.JEq.Imm(asm.R1, 4, p.label("IPv4")),
		asm.JEq.Imm(asm.R1, 6, p.label("IPv6")),
		asm.Ja.Label(p.out),
	)
	p.ipv4()
	p.ipv6()
	p.at(p.label("fragment"))
	p.add(asm.Mov.Imm(asm.R8, 0), asm.Ja.Label(p.label("done")))
	p.ports()
	p.at(p.label("done"))
}

// ipv4 reads a header of RFC 791. Addresses are kept as those of IPv6 are, mapped
// (RFC 4291, 2.5.5.2).
func (p packet) ipv4() {
	p.at(p.label("IPv4"))
	p.add(asm.And.Imm(asm.R8, 15), asm.LSh.Imm(asm.R8, 2), asm.Add.Reg(asm.R8, asm.R7))
	p.read(p.key+keyProto, 1, asm.R7, 9, p.out)
	p.add(
		asm.Mov.Imm(asm.R1, 0xffff),
		asm.StoreMem(asm.RFP, p.key+keySrc+10, asm.R1, asm.Half),
		asm.StoreMem(asm.RFP, p.key+keyDst+10, asm.R1, asm.Half),
	)
	p.read(p.key+keySrc+12, 4, asm.R7, 12, p.out)
	p.read(p.key+keyDst+12, 4, asm.R7, 16, p.out)
	p.read(scratch, 2, asm.R7, 6, p.out)
	p.later(0x1fff)
	p.add(asm.Ja.Label(p.label("ports")))
}

// later goes to "fragment" where the two bytes at scratch say that this is not the
// first fragment.
func (p packet) later(mask int32) {
	p.add(
		asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Half),
		asm.HostTo(asm.BE, asm.R1, asm.Half),
		asm.And.Imm(asm.R1, mask),
		asm.JNE.Imm(asm.R1, 0, p.label("fragment")),
	)
}

// ipv6 reads a header of RFC 8200 and passes over the extension headers that a
// router or host may have put before TCP, UDP or ICMPv6.
func (p packet) ipv6() {
	p.at(p.label("IPv6"))
	p.add(asm.Mov.Reg(asm.R8, asm.R7), asm.Add.Imm(asm.R8, 40))
	p.read(p.key+keyProto, 1, asm.R7, 6, p.out)
	p.read(p.key+keySrc, 16, asm.R7, 8, p.out)
	p.read(p.key+keyDst, 16, asm.R7, 24, p.out)
	for i := range extensionHeaders {
		next, fragment, long := strconv.Itoa(i+1), "fragment header "+strconv.Itoa(i), "long header "+strconv.Itoa(i)
		p.at(p.label("extension " + strconv.Itoa(i)))
		p.add(
			asm.LoadMem(asm.R1, asm.RFP, p.key+keyProto, asm.Byte),
			asm.JEq.Imm(asm.R1, unix.IPPROTO_FRAGMENT, p.label(fragment)),
			asm.JEq.Imm(asm.R1, unix.IPPROTO_HOPOPTS, p.label(long)),
			asm.JEq.Imm(asm.R1, unix.IPPROTO_ROUTING, p.label(long)),
			asm.JEq.Imm(asm.R1, unix.IPPROTO_DSTOPTS, p.label(long)),
			asm.Ja.Label(p.label("ports")),
		)
		p.at(p.label(long))
		p.read(p.key+keyProto, 1, asm.R8, 0, p.out)
		p.read(scratch, 1, asm.R8, 1, p.out)
		p.add(
			asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Byte),
			asm.Add.Imm(asm.R1, 1), asm.LSh.Imm(asm.R1, 3), asm.Add.Reg(asm.R8, asm.R1),
			asm.Ja.Label(p.label("extension "+next)),
		)
		p.at(p.label(fragment))
		p.read(p.key+keyProto, 1, asm.R8, 0, p.out)
		p.read(scratch, 2, asm.R8, 2, p.out)
		p.add(asm.Add.Imm(asm.R8, 8))
		p.later(0xfff8)
	}
	p.at(p.label("extension " + strconv.Itoa(extensionHeaders)))
}

// ports reads source and destination port, as they are on the wire, where there are any.
func (p packet) ports() {
	p.at(p.label("ports"))
	p.add(
		asm.LoadMem(asm.R1, asm.RFP, p.key+keyProto, asm.Byte),
		asm.JEq.Imm(asm.R1, unix.IPPROTO_TCP, p.label("has ports")),
		asm.JEq.Imm(asm.R1, unix.IPPROTO_UDP, p.label("has ports")),
		asm.Ja.Label(p.label("done")),
	)
	p.at(p.label("has ports"))
	p.read(p.key+keyPorts, 4, asm.R8, 0, p.label("fragment"))
}

// icmpError goes on with R7 at the packet that an ICMP error quotes (RFC 792: types
// 3, 4, 5, 11, 12; RFC 4443: 1 to 4), and to out where the packet is none.
func (p packet) icmpError() {
	p.add(
		asm.JEq.Imm(asm.R8, 0, p.out),
		asm.LoadMem(asm.R7, asm.RFP, p.key+keyProto, asm.Byte),
	)
	p.read(scratch, 1, asm.R8, 0, p.out)
	p.add(
		asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Byte),
		asm.JEq.Imm(asm.R7, unix.IPPROTO_ICMPV6, p.label("ICMPv6")),
		asm.JNE.Imm(asm.R7, unix.IPPROTO_ICMP, p.out),
	)
	for _, kind := range []int32{3, 4, 5, 11, 12} {
		p.add(asm.JEq.Imm(asm.R1, kind, p.label("error")))
	}
	p.add(asm.Ja.Label(p.out))
	p.at(p.label("ICMPv6"))
	p.add(asm.JEq.Imm(asm.R1, 0, p.out), asm.JGT.Imm(asm.R1, 4, p.out))
	p.at(p.label("error"))
	p.add(asm.Mov.Reg(asm.R7, asm.R8), asm.Add.Imm(asm.R7, 8))
}

// wire16 is a number of two bytes of the network's order, as this machine loads it.
func wire16(number uint16) int32 {
	return int32(binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, number)))
}
