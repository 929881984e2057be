package dropwatch

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

type protocol struct {
	number uint8
	word   string
}

// protocols have words (IANA's protocol numbers); one word may stand for two.
func protocols() []protocol {
	return []protocol{{6, "tcp"}, {17, "udp"}, {1, "icmp"}, {58, "icmp"}, {4, "ipip"}, {41, "ipip"}, {50, "esp"}}
}

func protoWord(number uint8) string {
	for _, p := range protocols() {
		if p.number == number {
			return p.word
		}
	}
	return fmt.Sprintf("protocol %d", number)
}

// counted is one entry of the kernel's map.
type counted struct {
	reason   uint32
	function string
	proto    uint8
	src, dst netip.AddrPort
	count    uint64
}

// decode reads an entry as the program laid it out.
func decode(key, value []byte) (counted, error) {
	if len(key) != keySize || len(value) != valueSize {
		return counted{}, fmt.Errorf("an entry has %d and %d bytes instead of %d and %d", len(key), len(value), keySize, valueSize)
	}
	addr := func(at int) netip.Addr { return netip.AddrFrom16([16]byte(key[at:])).Unmap() }
	port := func(at int) uint16 { return binary.BigEndian.Uint16(key[at:]) }
	return counted{
		reason:   binary.NativeEndian.Uint32(key[keyReason:]),
		function: functionName(value[valueName:]),
		proto:    key[keyProto],
		src:      netip.AddrPortFrom(addr(keySrc), port(keyPorts)),
		dst:      netip.AddrPortFrom(addr(keyDst), port(keyPorts+2)),
		count:    binary.NativeEndian.Uint64(value[valueCount:]),
	}, nil
}

// functionName cleans what %ps printed: "name", "name [module]", parts the compiler
// made ("name.isra.0", "name.cold"), or an address where the kernel has no names.
func functionName(printed []byte) string {
	text, _, _ := bytes.Cut(printed, []byte{0})
	name, _, _ := strings.Cut(string(text), " ")
	name, _, _ = strings.Cut(name, ".")
	if strings.HasPrefix(name, "0x") || strings.HasPrefix(name, "(") {
		return ""
	}
	return strings.ToValidUTF8(name, "")
}

// aggregate adds up what differs only in what is not told, and puts the most
// frequent first; equal counts are in the order of their texts.
func aggregate(all []counted, reason func(uint32) string) []facts.KernelDrop {
	const most = math.MaxInt32
	sums := map[facts.KernelDrop]uint64{}
	for _, c := range all {
		d := facts.KernelDrop{Reason: reason(c.reason), Function: c.function, Proto: protoWord(c.proto), Src: c.src, Dst: c.dst}
		if ordinary(d) {
			continue
		}
		sums[d] = min(sums[d]+min(c.count, most), most)
	}
	drops := make([]facts.KernelDrop, 0, len(sums))
	for d, sum := range sums {
		// Made by one processor, not counted yet: the entry without a count is no drop.
		if sum == 0 {
			continue
		}
		d.Count = int(sum)
		drops = append(drops, d)
	}
	slices.SortFunc(drops, func(a, b facts.KernelDrop) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Function, b.Function),
			cmp.Compare(a.Proto, b.Proto), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst),
		)
	})
	return drops
}

// ordinary: what the kernel frees here was no packet on its way.
func ordinary(d facts.KernelDrop) bool {
	switch d.Function {
	case "skb_queue_purge", "skb_rbtree_purge", "sk_stream_kill_queues", "inet_sock_destruct",
		"udp_destruct_common", "udp_destruct_sock", "udpv6_destruct_sock":
		// A socket was closed, and what lay in its queue freed. Before Linux 6.3 there was no
		// word for that (now QUEUE_PURGE; net/core/skbuff.c, net/core/stream.c, net/ipv4/af_inet.c, udp.c).
		return d.Reason == "NOT_SPECIFIED"
	case "tcp_v4_rcv", "tcp_v6_rcv":
		// A closed connection in TIME_WAIT has answered it. The drops in these have words.
		return d.Reason == "NOT_SPECIFIED"
	case "packet_rcv", "tpacket_rcv", "packet_rcv_spkt", "raw_rcv", "raw_rcv_skb", "rawv6_rcv", "rawv6_rcv_skb":
		// A capture or a raw socket had no room for its copy, or did not want it
		// (net/packet/af_packet.c, net/ipv4/raw.c). The packet itself goes on.
		return true
	}
	return false
}

// tooMany says what is left out of an answer.
func tooMany(drops []facts.KernelDrop, lost uint64) error {
	says := fmt.Sprintf("the kernel told %d different drops, of which the %d most frequent are given", len(drops), min(len(drops), maxGiven))
	if lost > 0 {
		says += fmt.Sprintf("; %d more packets did not fit", lost)
	}
	return &Unable{LackRoom, says, nil}
}

// wantedAddrs are the addresses as the keys of a map, each once.
func wantedAddrs(addrs []netip.Addr) [][]byte {
	var keys [][]byte
	for _, a := range addrs {
		wide := a.As16()
		keys = append(keys, wide[:])
	}
	return distinct(keys)
}

// wantedPorts are the ports as the keys of a map, in the network's order.
func wantedPorts(ports []uint16) [][]byte {
	var keys [][]byte
	for _, p := range ports {
		keys = append(keys, binary.BigEndian.AppendUint16(nil, p))
	}
	return distinct(keys)
}

func distinct(keys [][]byte) [][]byte {
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}
