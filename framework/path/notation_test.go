package path_test

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
)

// cluster is a healthy cluster of three nodes (10.0.0.11 to 13) in which the port
// of the probe pod of node i on its bridge is vethi. Its nodes send by eth0.
func cluster() *facts.Snapshot {
	s := factstest.Healthy(3)
	for i := range s.Hosts {
		h := &s.Hosts[i]
		dev := "veth" + h.Node[1:]
		h.Interfaces = append(h.Interfaces, facts.Interface{Name: dev, Index: 9, Kind: "veth", MTU: 1450, Up: true, Master: "cni0"})
		h.FDB = append(h.FDB, facts.FDBEntry{MAC: s.Node(h.Node).PodAgent.MAC, Dev: dev})
	}
	return s
}

// trace is a flow from one of the suite's vantages ("pod/n1", "host/n1", "runner")
// to a target, with what was captured in the notation of watch. Every node was
// watched unless it is left out.
func trace(from, flow, target string, lines ...string) facts.Trace {
	kind, node, _ := strings.Cut(from, "/")
	t := facts.Trace{ID: "1", From: facts.Vantage{Kind: facts.VantageKind(kind), Node: node}}
	t.Flow = factstest.Flow(flow)
	id, addr, _ := strings.Cut(target, " ")
	t.To.ID = id
	_, t.To.Node, _ = strings.Cut(id, "/")
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		t.To.Addr, t.To.Port = ap.Addr(), ap.Port()
	} else {
		t.To.Addr = netip.MustParseAddr(addr)
	}
	t.Attempts = []facts.Attempt{{Outcome: facts.Timeout}}
	t.Watches = []facts.Watch{{Node: "n1"}, {Node: "n2"}, {Node: "n3"}}
	for _, l := range lines {
		watch(&t, l)
	}
	return t
}

// answered is the same where the sender got what it wanted.
func answered(t facts.Trace) facts.Trace {
	t.Attempts = []facts.Attempt{{Outcome: t.Flow.Via.Right()}}
	return t
}

// clocks differ between nodes.
var clocks = map[string]int64{"n1": 0, "n2": 90_000_000, "n3": 7_000}

// watch adds the sightings of one packet, in a line such as
//
//	1000 n1 >veth1 >cni0 flannel.1> eth0>* n3 >eth0* >flannel.1 : tcp 10.244.1.2:43210 10.244.3.2:40001 SYN seq=7 len=60
//
// It begins with microseconds; a word without > is a node; >dev is a packet that
// comes in there, dev> one that goes out, with * inside the tunnel;
// src|dst gives it other addresses from there on, wait=N lets microseconds pass,
// outer=src|dst names the tunnel's ends where they are not the nodes'.
func watch(t *facts.Trace, line string) {
	way, what, _ := strings.Cut(line, " : ")
	p, outer := parsePacket(strings.Fields(what))
	words := strings.Fields(way)
	now, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		panic(err)
	}
	node, nodes := "", nodesOf(words)
	for _, w := range words[1:] {
		switch {
		case strings.HasPrefix(w, "wait="):
			n, _ := strconv.ParseInt(w[5:], 10, 64)
			now += n
		case strings.HasPrefix(w, "outer="):
			a, z, _ := strings.Cut(w[6:], "|")
			outer = []string{a, z}
		case strings.Contains(w, "|"):
			a, z, _ := strings.Cut(w, "|")
			p.Src, p.Dst = addrPort(a), addrPort(z)
		case strings.Contains(w, ">"):
			now += 10
			sight(t, node, nodes, w, now, p, outer)
		default:
			node = w
		}
	}
}

func nodesOf(words []string) []string {
	var out []string
	for _, w := range words[1:] {
		if !strings.ContainsAny(w, ">|=") {
			out = append(out, w)
		}
	}
	return out
}

func sight(t *facts.Trace, node string, nodes []string, word string, now int64, p facts.Sighting, outer []string) {
	p.AtMicros = now + clocks[node]
	p.Out = strings.Contains(word, ">") && !strings.HasPrefix(word, ">")
	p.Dev = strings.Trim(word, ">*")
	p.Kind = map[string]string{"cni0": "bridge", "flannel.1": "vxlan", "eth0": "veth", "eth1": "veth", "lo": "device"}[p.Dev]
	if p.Kind == "" {
		p.Kind = "veth"
	}
	if strings.Contains(word, "*") {
		p.Tunnel, p.VNI = "vxlan", 1
		if outer == nil {
			i := 0
			for n, name := range nodes {
				if name == node {
					i = n
				}
			}
			from, to := i, i+1
			if !p.Out || to == len(nodes) {
				from, to = i-1, i
			}
			if len(nodes) == 1 {
				panic("one node only: name the tunnel's ends in " + word)
			}
			outer = []string{"10.0.0.1" + nodes[from][1:], "10.0.0.1" + nodes[to][1:]}
		}
		p.OuterSrc, p.OuterDst = addrPort(outer[0]+":50123"), addrPort(outer[1]+":8472")
	}
	for i := range t.Watches {
		if t.Watches[i].Node == node {
			t.Watches[i].Packets = append(t.Watches[i].Packets, p)
		}
	}
}

func parsePacket(words []string) (p facts.Sighting, outer []string) {
	p.Proto, p.Src, p.Dst, p.Length = words[0], addrPort(words[1]), addrPort(words[2]), 60
	var flags []string
	for _, w := range words[3:] {
		name, value, ok := strings.Cut(w, "=")
		n, _ := strconv.ParseUint(value, 10, 32)
		switch {
		case !ok:
			flags = append(flags, w)
		case name == "seq":
			p.Seq = uint32(n)
		case name == "ack":
			p.Ack = uint32(n)
		case name == "id":
			p.ID = uint32(n)
		case name == "len":
			p.Length = int(n)
		}
	}
	if p.Proto == "icmp" {
		p.ICMP = strings.Join(flags, " ")
		return p, nil
	}
	p.Flags = strings.Join(flags, " ")
	return p, nil
}

func addrPort(s string) netip.AddrPort {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap
	}
	return netip.AddrPortFrom(netip.MustParseAddr(s), 0)
}

// node finds a node's watch.
func node(t *facts.Trace, name string) *facts.Watch {
	for i := range t.Watches {
		if t.Watches[i].Node == name {
			return &t.Watches[i]
		}
	}
	panic("no watch of " + name)
}

func rule(chain string, n int, text string, by int64) facts.Growth {
	return facts.Growth{What: fmt.Sprintf("iptables-nft-save, table filter, chain %s, rule %d", chain, n), Before: 10, After: 10 + by, Text: text}
}

func TestTheNotationMakesSightings(t *testing.T) {
	tr := trace("pod/n1", "pod>pod/tcp/ipv4@main", "pod/n3 10.244.3.2:40001",
		"1000 n1 >veth1 eth0>* n3 >eth0* 10.244.1.9:1|10.244.3.2:40001 veth3> : tcp 10.244.1.2:43210 10.244.3.2:40001 SYN seq=7 len=52")
	got := node(&tr, "n3").Packets
	if len(got) != 2 || got[0].OuterSrc.String() != "10.0.0.11:50123" || got[0].Out || !got[1].Out || got[1].Src.String() != "10.244.1.9:1" || got[1].Tunnel != "" || got[1].Seq != 7 {
		t.Errorf("%+v", got)
	}
}
