package dropwatch

import (
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// The key of a drop, as the program lays it out: location, reason, protocol, both
// addresses (IPv4 mapped into IPv6), both ports in the network's order.
const (
	keyLocation = 0
	keyReason   = 8
	keyProto    = 12
	keySrc      = 16
	keyDst      = 32
	keyPorts    = 48
	keySize     = 56
)

// The value: how often, and the kernel's name of the location, ended by zero.
const (
	valueCount = 0
	valueName  = 8
	valueSize  = 72
)

// Where things are on the stack, from its end.
const (
	keyAt    = -keySize
	quotedAt = keyAt - keySize
	valueAt  = quotedAt - valueSize
	scratch  = valueAt - 8
)

// files are the descriptors of the maps a program uses; zero for what is not asked.
type files struct{ drops, lost, format, addrs, ports int }

// program writes the program that is run at every drop. Its context are the
// arguments of the tracepoint, eight bytes each. R6 is the packet's sk_buff, R7 the
// address of the IP header, R8 of what follows it, R9 the context.
func program(l *layout, maps files, protos []int32, netns uint32) asm.Instructions {
	b := &builder{}
	b.add(
		asm.Mov.Reg(asm.R9, asm.R1),
		asm.LoadMem(asm.R6, asm.R9, 0, asm.DWord),
		asm.LoadMem(asm.R1, asm.R9, 16, asm.DWord),
		asm.Mov.Reg32(asm.R1, asm.R1),
	)
	for _, number := range l.ignored {
		b.add(asm.JEq.Imm(asm.R1, number, "out"))
	}
	b.add(asm.Mov.Imm(asm.R2, 0))
	for at := int16(scratch); at < 0; at += 8 {
		b.add(asm.StoreMem(asm.RFP, at, asm.R2, asm.DWord))
	}
	b.add(
		asm.StoreMem(asm.RFP, keyAt+keyReason, asm.R1, asm.Word),
		asm.LoadMem(asm.R1, asm.R9, 8, asm.DWord),
		asm.StoreMem(asm.RFP, keyAt+keyLocation, asm.R1, asm.DWord),
	)
	b.header(l)
	whole := packet{b, "packet", keyAt, "out"}
	whole.parse()
	whole.match(maps, protos, "error?")
	// The kernel takes no program with instructions that nothing leads to.
	if len(protos) > 0 || maps.addrs != 0 || maps.ports != 0 {
		b.at("error?")
		whole.icmpError()
		quoted := packet{b, "quoted", quotedAt, "out"}
		quoted.parse()
		quoted.match(maps, protos, "out")
	}
	b.namespace(l, netns)
	b.count(maps)
	b.at("out")
	b.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return b.code
}

// header puts the address of the network header into R7, where the packet's
// protocol (an EtherType) is IP. Inside a tunnel's packet the sender has the outer
// header there, and the receiver the inner one as soon as it took off the outer.
func (b *builder) header(l *layout) {
	b.read(scratch, 2, asm.R6, l.protocol, "out")
	b.add(
		asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Half),
		asm.JEq.Imm(asm.R1, wire16(unix.ETH_P_IP), "IP"),
		asm.JNE.Imm(asm.R1, wire16(unix.ETH_P_IPV6), "out"),
	)
	b.at("IP")
	b.read(scratch, 8, asm.R6, l.head, "out")
	b.add(asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord))
	b.read(scratch, 2, asm.R6, l.network, "out")
	b.add(asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Half), asm.Add.Reg(asm.R7, asm.R1))
}

// match goes to "ours" where the packet is of the flow, otherwise to another label:
// its protocol is among those asked for, both addresses, and one of the ports. Later
// fragments have no ports, and are taken by their addresses alone.
func (p packet) match(maps files, protos []int32, other string) {
	if len(protos) > 0 {
		p.add(asm.LoadMem(asm.R1, asm.RFP, p.key+keyProto, asm.Byte))
		for _, number := range protos {
			p.add(asm.JEq.Imm(asm.R1, number, p.label("protocol")))
		}
		p.add(asm.Ja.Label(other))
		p.at(p.label("protocol"))
	}
	if maps.addrs != 0 {
		for _, at := range []int16{keySrc, keyDst} {
			p.lookUp(maps.addrs, p.key+at)
			p.add(asm.JEq.Imm(asm.R0, 0, other))
		}
	}
	if maps.ports != 0 {
		p.add(
			asm.JEq.Imm(asm.R8, 0, "ours"),
			asm.LoadMem(asm.R1, asm.RFP, p.key+keyProto, asm.Byte),
			asm.JEq.Imm(asm.R1, unix.IPPROTO_TCP, p.label("port")),
			asm.JNE.Imm(asm.R1, unix.IPPROTO_UDP, "ours"),
		)
		p.at(p.label("port"))
		for _, at := range []int16{keyPorts, keyPorts + 2} {
			p.lookUp(maps.ports, p.key+at)
			p.add(asm.JNE.Imm(asm.R0, 0, "ours"))
		}
		p.add(asm.Ja.Label(other))
		return
	}
	p.add(asm.Ja.Label("ours"))
}

// namespace leaves out packets of other network namespaces. The receiving socket
// knows best; then the device; then the sending socket, as long as the packet has no
// device yet. Where none can be read (the field of the device has other uses while a
// packet waits in a queue) the flow's addresses have to do.
func (b *builder) namespace(l *layout, netns uint32) {
	b.at("ours")
	b.add(asm.LoadImm(asm.R8, int64(netns), asm.DWord))
	if l.receiver {
		b.add(asm.LoadMem(asm.R7, asm.R9, 24, asm.DWord), asm.JEq.Imm(asm.R7, 0, "device"))
		b.sameNamespace(l.sockNet, l.netInode, "device")
	}
	b.at("device")
	b.read(scratch, 8, asm.R6, l.dev, "sender")
	b.add(asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord), asm.JEq.Imm(asm.R7, 0, "sender"))
	b.sameNamespace(l.devNet, l.netInode, "sender")
	b.at("sender")
	b.read(scratch, 8, asm.R6, l.sk, "count")
	b.add(asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord), asm.JEq.Imm(asm.R7, 0, "count"))
	b.sameNamespace(l.sockNet, l.netInode, "count")
}

// sameNamespace follows the pointer to a struct net at an offset from R7, and
// compares its inode number with R8.
func (b *builder) sameNamespace(netAt, inodeAt int32, orElse string) {
	b.read(scratch, 8, asm.R7, netAt, orElse)
	b.add(asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord))
	b.read(scratch, 4, asm.R7, inodeAt, orElse)
	b.add(
		asm.LoadMem(asm.R1, asm.RFP, scratch, asm.Word),
		asm.JEq.Reg(asm.R1, asm.R8, "count"),
		asm.Ja.Label("out"),
	)
}

// count adds one to the drop's value, which it makes where there is none yet. Another
// processor may make it at the same moment: then that one is taken.
func (b *builder) count(maps files) {
	b.at("count")
	b.lookUp(maps.drops, keyAt)
	b.add(
		asm.JNE.Imm(asm.R0, 0, "add"),
		// bpf_snprintf with %ps names the location without /proc/kallsyms, whose
		// addresses are hidden from a process without CAP_SYSLOG.
		asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, valueAt+valueName),
		asm.Mov.Imm(asm.R2, valueSize-valueName),
		asm.LoadMapValue(asm.R3, maps.format, 0),
		asm.Mov.Reg(asm.R4, asm.RFP), asm.Add.Imm(asm.R4, keyAt+keyLocation),
		asm.Mov.Imm(asm.R5, 8),
		asm.FnSnprintf.Call(),
		asm.LoadMapPtr(asm.R1, maps.drops),
		asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, keyAt),
		asm.Mov.Reg(asm.R3, asm.RFP), asm.Add.Imm(asm.R3, valueAt),
		asm.Mov.Imm(asm.R4, unix.BPF_NOEXIST),
		asm.FnMapUpdateElem.Call(),
	)
	b.lookUp(maps.drops, keyAt)
	b.add(asm.JNE.Imm(asm.R0, 0, "add"))
	b.add(asm.StoreImm(asm.RFP, scratch, 0, asm.Word))
	b.lookUp(maps.lost, scratch)
	b.add(asm.JEq.Imm(asm.R0, 0, "out"))
	b.at("add")
	b.add(asm.Mov.Imm(asm.R1, 1), asm.StoreXAdd(asm.R0, asm.R1, asm.DWord))
}
