package dropwatch

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// entry writes what the program writes.
func entry(reason uint32, proto uint8, src, dst, function string, count uint64) (key, value []byte) {
	key, value = make([]byte, keySize), make([]byte, valueSize)
	from, to := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	wideFrom, wideTo := from.Addr().As16(), to.Addr().As16()
	binary.NativeEndian.PutUint64(key[keyLocation:], 0xffffffff81f28dd0)
	binary.NativeEndian.PutUint32(key[keyReason:], reason)
	key[keyProto] = proto
	copy(key[keySrc:], wideFrom[:])
	copy(key[keyDst:], wideTo[:])
	binary.BigEndian.PutUint16(key[keyPorts:], from.Port())
	binary.BigEndian.PutUint16(key[keyPorts+2:], to.Port())
	binary.NativeEndian.PutUint64(value[valueCount:], count)
	copy(value[valueName:], function)
	return key, value
}

func TestEntriesAreDecoded(t *testing.T) {
	for _, c := range []struct {
		name, src, dst, function string
		proto                    uint8
		want                     facts.KernelDrop
	}{
		{"IPv4 is no longer mapped", "10.0.0.1:40000", "10.0.0.2:53", "nf_hook_slow", 17, drop("R7", "nf_hook_slow", "udp", "10.0.0.1:40000", "10.0.0.2:53", 2)},
		{"IPv6", "[fd00::1]:40000", "[fd00::2]:443", "tcp_v6_rcv", 6, drop("R7", "tcp_v6_rcv", "tcp", "[fd00::1]:40000", "[fd00::2]:443", 2)},
		{"ICMP has no ports", "10.0.0.1:0", "10.0.0.2:0", "icmp_rcv", 1, drop("R7", "icmp_rcv", "icmp", "10.0.0.1:0", "10.0.0.2:0", 2)},
		{"ICMPv6 has the same word", "[fd00::1]:0", "[fd00::2]:0", "icmpv6_rcv", 58, drop("R7", "icmpv6_rcv", "icmp", "[fd00::1]:0", "[fd00::2]:0", 2)},
		{"a protocol without a word", "10.0.0.1:0", "10.0.0.2:0", "ip_rcv", 132, drop("R7", "ip_rcv", "protocol 132", "10.0.0.1:0", "10.0.0.2:0", 2)},
		{"a function of a module", "10.0.0.1:1", "10.0.0.2:2", "nft_do_chain [nf_tables]", 6, drop("R7", "nft_do_chain", "tcp", "10.0.0.1:1", "10.0.0.2:2", 2)},
		{"a part that the compiler made", "10.0.0.1:1", "10.0.0.2:2", "ip_rcv_core.isra.0", 6, drop("R7", "ip_rcv_core", "tcp", "10.0.0.1:1", "10.0.0.2:2", 2)},
		{"a kernel without names", "10.0.0.1:1", "10.0.0.2:2", "0xffffffff81f28dd0", 6, drop("R7", "", "tcp", "10.0.0.1:1", "10.0.0.2:2", 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decode(entry(7, c.proto, c.src, c.dst, c.function, 2))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, aggregate([]counted{got}, word), []facts.KernelDrop{c.want})
		})
	}
}

func word(number uint32) string { return fmt.Sprintf("R%d", number) }

func TestAnEntryOfAnotherSizeIsAnError(t *testing.T) {
	key, value := entry(7, 6, "10.0.0.1:1", "10.0.0.2:2", "f", 1)
	if _, err := decode(key[1:], value); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := decode(key, append(value, 0)); err == nil {
		t.Error("a long value was taken")
	}
}

func TestDropsAreAddedUpAndSorted(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")
	all := []counted{
		{reason: 5, function: "f", proto: 6, src: b, dst: a, count: 1},
		{reason: 9, function: "f", proto: 6, src: a, dst: b, count: 3},
		{reason: 5, function: "f", proto: 6, src: a, dst: b, count: 1},
		{reason: 9, function: "f", proto: 6, src: a, dst: b, count: 4}, // another place in f
		{reason: 4, function: "f", proto: 6, src: a, dst: b, count: 0},
		{reason: 5, function: "e", proto: 6, src: b, dst: a, count: 1},
		{reason: 8, function: "f", proto: 6, src: a, dst: b, count: 1 << 40},
	}
	want := []facts.KernelDrop{
		drop("R8", "f", "tcp", a.String(), b.String(), 1<<31-1),
		drop("R9", "f", "tcp", a.String(), b.String(), 7),
		drop("R5", "e", "tcp", b.String(), a.String(), 1),
		drop("R5", "f", "tcp", a.String(), b.String(), 1),
		drop("R5", "f", "tcp", b.String(), a.String(), 1),
	}
	expect(t, aggregate(all, word), want)
	slices.Reverse(all)
	expect(t, aggregate(all, word), want)
}

func TestWhatWasNoPacketOnItsWayIsNoDrop(t *testing.T) {
	a, b := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("10.0.0.2:2")
	reasons := func(number uint32) string { return []string{"NOT_SPECIFIED", "NO_SOCKET"}[number] }
	all := []counted{
		{reason: 0, function: "sk_stream_kill_queues", proto: 6, src: a, dst: b, count: 1},
		{reason: 0, function: "tcp_v4_rcv", proto: 6, src: a, dst: b, count: 1},
		{reason: 0, function: "ip6_mc_input", proto: 6, src: a, dst: b, count: 1},
		{reason: 1, function: "raw_rcv", proto: 6, src: a, dst: b, count: 1},
		{reason: 0, function: "tpacket_rcv", proto: 6, src: a, dst: b, count: 1},
		{reason: 1, function: "inet_sock_destruct", proto: 6, src: a, dst: b, count: 1}, // a reason that is told counts
	}
	expect(t, aggregate(all, reasons), []facts.KernelDrop{
		drop("NOT_SPECIFIED", "ip6_mc_input", "tcp", a.String(), b.String(), 1),
		drop("NO_SOCKET", "inet_sock_destruct", "tcp", a.String(), b.String(), 1),
	})
}

func FuzzDecode(f *testing.F) {
	key, value := entry(7, 6, "10.0.0.1:1", "[fd00::2]:2", "ip_rcv_core.isra.0 [m]", 1)
	f.Add(key, value)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		c, err := decode(key, value)
		if (err == nil) != (len(key) == keySize && len(value) == valueSize) {
			t.Fatalf("%d and %d bytes: %v", len(key), len(value), err)
		}
		if err != nil || c.count == 0 {
			return
		}
		got := aggregate([]counted{c, c}, word)
		if len(got) != 1 || got[0].Count < 2 || !got[0].Src.IsValid() || !got[0].Dst.IsValid() {
			t.Errorf("got %+v", got)
		}
	})
}
