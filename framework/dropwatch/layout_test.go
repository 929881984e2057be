package dropwatch

import (
	"errors"
	"maps"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// fakeKernel builds the types of a kernel: offsets are in bytes.
type fakeKernel map[string]btf.Type

func (f fakeKernel) spec(t *testing.T) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range f {
		if _, err := b.Add(of); err != nil {
			t.Fatal(err)
		}
	}
	s, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func field(name string, at uint32, of btf.Type) btf.Member {
	return btf.Member{Name: name, Type: of, Offset: btf.Bits(at * 8)}
}

// kernel is one with reasons, and the fields where this test puts them.
func kernel() fakeKernel {
	u16, u32 := &btf.Int{Name: "u16", Size: 2}, &btf.Int{Name: "unsigned int", Size: 4}
	pointer := &btf.Pointer{Target: (*btf.Void)(nil)}
	sock := &btf.Struct{Name: "sock", Size: 8}
	words := &btf.Enum{Name: "skb_drop_reason", Size: 4, Values: []btf.EnumValue{
		{Name: "SKB_NOT_DROPPED_YET", Value: 0},
		{Name: "SKB_CONSUMED", Value: 1},
		{Name: "SKB_DROP_REASON_NO_SOCKET", Value: 3},
		{Name: "SKB_DROP_REASON_QUEUE_PURGE", Value: 80},
		{Name: "SKB_DROP_REASON_PACKET_SOCK_ERROR", Value: 81},
	}}
	head := &btf.Struct{Size: 32, Members: []btf.Member{field("protocol", 4, u16), field("network_header", 8, u16), field("head", 16, pointer)}}
	possible := &btf.Struct{Name: "possible_net_t", Size: 8, Members: []btf.Member{field("net", 0, pointer)}}
	return fakeKernel{
		"sk_buff": &btf.Struct{Name: "sk_buff", Size: 100, Members: []btf.Member{
			field("", 0, &btf.Union{Size: 24, Members: []btf.Member{
				field("", 0, &btf.Struct{Size: 24, Members: []btf.Member{field("next", 0, pointer), field("", 16, &btf.Union{Size: 8, Members: []btf.Member{field("dev", 0, pointer)}})}}),
			}}),
			field("sk", 24, pointer), field("", 40, &btf.Union{Size: 32, Members: []btf.Member{field("", 0, head), field("headers", 0, head)}}),
		}},
		"net_device":  &btf.Struct{Name: "net_device", Size: 100, Members: []btf.Member{field("nd_net", 64, possible)}},
		"sock_common": &btf.Struct{Name: "sock_common", Size: 100, Members: []btf.Member{field("skc_net", 48, possible)}},
		"net":         &btf.Struct{Name: "net", Size: 100, Members: []btf.Member{field("ns", 8, &btf.Struct{Name: "ns_common", Size: 24, Members: []btf.Member{field("inum", 16, u32)}})}},
		"tracepoint":  tracepoint(words, &btf.Pointer{Target: sock}),
	}
}

// tracepoint is the type of kfree_skb's arguments, behind the skb and the location.
func tracepoint(further ...btf.Type) btf.Type {
	pointer := &btf.Pointer{Target: (*btf.Void)(nil)}
	proto := &btf.FuncProto{Return: (*btf.Void)(nil)}
	for _, of := range append([]btf.Type{pointer, pointer, pointer}, further...) {
		proto.Params = append(proto.Params, btf.FuncParam{Type: of})
	}
	return &btf.Typedef{Name: "btf_trace_kfree_skb", Type: &btf.Pointer{Target: proto}}
}

func TestOffsetsComeFromTheKernelsTypes(t *testing.T) {
	l, err := kernelLayout(kernel().spec(t))
	if err != nil {
		t.Fatal(err)
	}
	got := [...]int32{l.head, l.network, l.protocol, l.dev, l.sk, l.devNet, l.sockNet, l.netInode}
	if want := [...]int32{56, 48, 44, 16, 24, 64, 48, 24}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if !l.receiver {
		t.Error("the receiving socket was overlooked")
	}
	if len(l.ignored) != 4 || l.reason(3) != "NO_SOCKET" || l.reason(0x30001) != "reason 0x30001" {
		t.Errorf("ignored %v, 3 is %s, 0x30001 is %s", l.ignored, l.reason(3), l.reason(0x30001))
	}
}

func TestAKernelThatTellsNotEnough(t *testing.T) {
	words := kernel()["tracepoint"].(*btf.Typedef).Type.(*btf.Pointer).Target.(*btf.FuncProto).Params[3].Type
	for _, c := range []struct {
		name   string
		change func(fakeKernel)
		want   Lack
	}{
		{"no tracepoint", func(k fakeKernel) { delete(k, "tracepoint") }, LackReason},
		{"before 5.17 the tracepoint ends with the location", func(k fakeKernel) { k["tracepoint"] = tracepoint() }, LackReason},
		{"the fourth argument is no reason", func(k fakeKernel) { k["tracepoint"] = tracepoint(&btf.Int{Name: "int", Size: 4}) }, LackReason},
		{"the tracepoint is no function", func(k fakeKernel) {
			k["tracepoint"] = &btf.Typedef{Name: "btf_trace_kfree_skb", Type: &btf.Int{Name: "int", Size: 4}}
		}, LackReason},
		{"the tracepoint is a pointer to something else", func(k fakeKernel) {
			k["tracepoint"] = &btf.Typedef{Name: "btf_trace_kfree_skb", Type: &btf.Pointer{Target: words}}
		}, LackReason},
		{"no struct net", func(k fakeKernel) { delete(k, "net") }, LackLayout},
		{"a device without a namespace (CONFIG_NET_NS is off)", func(k fakeKernel) {
			k["net_device"] = &btf.Struct{Name: "net_device", Size: 8}
		}, LackLayout},
		{"a namespace without a number", func(k fakeKernel) {
			k["net"] = &btf.Struct{Name: "net", Size: 8, Members: []btf.Member{field("ns", 0, &btf.Int{Name: "int", Size: 4})}}
		}, LackLayout},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := maps.Clone(kernel())
			c.change(k)
			_, err := kernelLayout(k.spec(t))
			var unable *Unable
			if !errors.As(err, &unable) || unable.Lack != c.want || unable.Says == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestBefore611TheReceivingSocketIsNotTold(t *testing.T) {
	k := kernel()
	words := &btf.Enum{Name: "skb_drop_reason", Size: 4, Values: []btf.EnumValue{{Name: "SKB_DROP_REASON_NOT_SPECIFIED", Value: 0}}}
	k["tracepoint"] = tracepoint(words)
	l, err := kernelLayout(k.spec(t))
	if err != nil || l.receiver {
		t.Fatalf("got %+v, %v", l, err)
	}
	// In 5.17 zero is a drop; which number is none is known by its word.
	if len(l.ignored) != 0 || l.reason(0) != "NOT_SPECIFIED" {
		t.Errorf("ignored %v", l.ignored)
	}
}
