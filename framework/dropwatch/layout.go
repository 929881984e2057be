package dropwatch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// layout is where this kernel keeps what is read: offsets in bytes.
type layout struct {
	head, network, protocol, dev, sk int32 // struct sk_buff
	devNet, sockNet                  int32 // struct net_device, struct sock_common
	netInode                         int32 // struct net
	// receiver: the tracepoint hands over the receiving socket too (since Linux 6.11).
	receiver bool
	// reasons are the kernel's words by their number, ignored the numbers of no drop.
	reasons map[uint32]string
	ignored []int32
}

// types is what is asked of BTF.
type types interface {
	TypeByName(name string, typ any) error
}

// kernelLayout finds the offsets. The release of the kernel is not asked, as
// distributions carry the reasons back to older ones: what counts is whether the
// tracepoint has the argument (include/trace/events/skb.h).
func kernelLayout(kernel types) (*layout, error) {
	l := &layout{reasons: map[uint32]string{}}
	if err := l.tracepoint(kernel); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		of   string
		path []string
		at   *int32
	}{
		{"sk_buff", []string{"head"}, &l.head},
		{"sk_buff", []string{"network_header"}, &l.network},
		{"sk_buff", []string{"protocol"}, &l.protocol},
		{"sk_buff", []string{"dev"}, &l.dev},
		{"sk_buff", []string{"sk"}, &l.sk},
		{"net_device", []string{"nd_net", "net"}, &l.devNet},
		{"sock_common", []string{"skc_net", "net"}, &l.sockNet},
		{"net", []string{"ns", "inum"}, &l.netInode},
	} {
		var in *btf.Struct
		if err := kernel.TypeByName(f.of, &in); err != nil {
			return nil, &Unable{LackLayout, fmt.Sprintf("this kernel's types know no struct %s", f.of), err}
		}
		at, ok := offset(in, f.path)
		if !ok {
			return nil, &Unable{LackLayout, fmt.Sprintf("this kernel's struct %s has no field %s", f.of, strings.Join(f.path, ".")), nil}
		}
		*f.at = int32(at)
	}
	return l, nil
}

// tracepoint reads the arguments of kfree_skb: void *, skb, location, reason and,
// newer, the receiving socket; and the words of the reasons.
func (l *layout) tracepoint(kernel types) error {
	const without = "this kernel gives no reason for dropped packets (the tracepoint skb:kfree_skb has one since Linux 5.17)"
	var named *btf.Typedef
	if err := kernel.TypeByName("btf_trace_kfree_skb", &named); err != nil {
		return &Unable{LackReason, without, err}
	}
	proto, ok := function(named)
	if !ok || len(proto.Params) < 4 {
		return &Unable{LackReason, without, nil}
	}
	words, ok := btf.UnderlyingType(proto.Params[3].Type).(*btf.Enum)
	if !ok {
		return &Unable{LackReason, without, nil}
	}
	l.receiver = len(proto.Params) > 4 && pointsTo(proto.Params[4].Type, "sock")
	l.name(words)
	for number, word := range l.reasons {
		if noDrop(word) {
			l.ignored = append(l.ignored, int32(number))
		}
	}
	return nil
}

// noDrop: the packet was delivered; or it had been, and lay unread (as the other side's
// FIN always does) in the queue of a socket that was closed; or it was a capture's
// copy, for which there was no room.
func noDrop(word string) bool {
	return slices.Contains([]string{"NOT_DROPPED_YET", "CONSUMED", "QUEUE_PURGE", "PACKET_SOCK_ERROR"}, word)
}

func function(named *btf.Typedef) (*btf.FuncProto, bool) {
	pointer, ok := btf.UnderlyingType(named).(*btf.Pointer)
	if !ok {
		return nil, false
	}
	proto, ok := pointer.Target.(*btf.FuncProto)
	return proto, ok
}

func pointsTo(t btf.Type, name string) bool {
	pointer, ok := btf.UnderlyingType(t).(*btf.Pointer)
	return ok && pointer.Target.TypeName() == name
}

// name takes the words of an enum: skb_drop_reason has the kernel's own, and
// parts of the kernel add theirs (include/net/dropreason.h).
func (l *layout) name(words *btf.Enum) {
	for _, v := range words.Values {
		word := strings.TrimPrefix(strings.TrimPrefix(v.Name, "SKB_DROP_REASON_"), "SKB_")
		l.reasons[uint32(v.Value)] = word
	}
}

// nameOthers adds the words of the kernel's parts that have their own, where they
// are there: Open vSwitch (net/openvswitch/drop.h) may be a module.
func (l *layout) nameOthers(kernel types) {
	var words *btf.Enum
	if err := kernel.TypeByName("ovs_drop_reason", &words); err == nil {
		l.name(words)
	} else if errors.Is(err, btf.ErrNotFound) {
		if module, err := btf.LoadKernelModuleSpec("openvswitch"); err == nil && module.TypeByName("ovs_drop_reason", &words) == nil {
			l.name(words)
		}
	}
}

// reason is the kernel's word, or its number where the kernel does not tell one.
func (l *layout) reason(number uint32) string {
	if word, ok := l.reasons[number]; ok {
		return word
	}
	return fmt.Sprintf("reason %#x", number)
}

// offset is where a field lies in bytes. What has no name of its own on the way
// (a struct or union within) is looked through.
func offset(in btf.Type, path []string) (uint32, bool) {
	if len(path) == 0 {
		return 0, true
	}
	var members []btf.Member
	switch t := btf.UnderlyingType(in).(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	default:
		return 0, false
	}
	for _, m := range members {
		rest := path
		if m.Name == path[0] {
			rest = path[1:]
		} else if m.Name != "" {
			continue
		}
		if at, ok := offset(m.Type, rest); ok && m.BitfieldSize == 0 {
			return m.Offset.Bytes() + at, true
		}
	}
	return 0, false
}
