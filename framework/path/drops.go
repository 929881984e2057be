package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// kernelSays are the kernel's own words about packets of a direction that a node
// threw away, each once with how often it was said.
func (b *builder) kernelSays(node string, drops []facts.KernelDrop, way Direction) []Reason {
	var said []string
	count := map[string]int{}
	for _, d := range drops {
		if copied(d) || !b.concerns(d, way) {
			continue
		}
		text := fmt.Sprintf("the kernel of %s says %s%s", node, d.Reason, b.whereDropped(d))
		if count[text] == 0 {
			said = append(said, text)
		}
		count[text] += d.Count
	}
	out := make([]Reason, 0, len(said))
	for _, text := range said {
		out = append(out, Reason{Node: node, Source: "kernel", Text: text + ", " + times(count[text])})
	}
	return out
}

// concerns says whether a drop is one of the direction, or may be.
func (b *builder) concerns(d facts.KernelDrop, way Direction) bool {
	inner := b.direction(facts.Sighting{Proto: d.Proto, Src: d.Src, Dst: d.Dst})
	if d.Proto == "icmp" {
		inner = "" // its Src and Dst tell no direction apart
	}
	return way == "" || inner == "" || inner == way
}

func (b *builder) whereDropped(d facts.KernelDrop) string {
	where := ""
	if d.Proto == "icmp" && b.proto() != "icmp" {
		where = " of an ICMP error"
	}
	if d.Function != "" {
		where += " in " + d.Function
	}
	return where
}

// copied says whether what was thrown away is the copy of a packet that a raw or a
// packet socket gets (net/ipv4/raw.c, net/packet/af_packet.c): the suite's own
// probes and captures have such sockets, and the packet itself goes on.
func copied(d facts.KernelDrop) bool {
	if d.Reason == "PACKET_SOCK_ERROR" {
		return true
	}
	return slices.ContainsFunc([]string{"raw_", "raw6_", "rawv6_", "packet_", "tpacket_"}, func(prefix string) bool {
		return strings.HasPrefix(d.Function, prefix)
	})
}
