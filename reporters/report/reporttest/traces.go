package reporttest

import (
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/path"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// vanished is a TCP flow between two nodes' pods that the receiver's node decapsulates
// and does not forward.
func vanished(id, purpose, from, to string) report.Trace {
	inner := path.Addresses{Src: netip.MustParseAddrPort("10.244.1.7:40112"), Dst: netip.MustParseAddrPort("10.244.2.9:40001")}
	outer := inner
	outer.Tunnel, outer.VNI = "vxlan", 1
	outer.OuterSrc, outer.OuterDst = netip.MustParseAddrPort("172.18.0.3:51820"), netip.MustParseAddrPort("172.18.0.4:8472")
	hop := func(node, dev string, kind path.Kind, stage path.Stage, out bool, as ...path.Addresses) path.Hop {
		h := path.Hop{Node: node, Dev: dev, Kind: kind, Stage: stage, Out: out, State: path.Missing, As: as, Packets: 2 * len(as)}
		if len(as) > 0 {
			h.State, h.AtMicros = path.Seen, 1200
		}
		return h
	}
	request := path.Lane{Direction: path.Request, Hops: []path.Hop{
		hop(from, "veth1a2b", path.PodPort, path.SenderPod, false, inner), hop(from, "cni0", path.Bridge, path.SenderBridge, false, inner),
		hop(from, "flannel.1", path.Tunnel, path.SenderTunnel, true, inner), hop(from, "eth0", path.NIC, path.SenderNIC, true, outer),
		hop(to, "eth0", path.NIC, path.ReceiverNIC, false, outer), hop(to, "flannel.1", path.Tunnel, path.ReceiverTunnel, false, inner),
		hop(to, "cni0", path.Bridge, path.ReceiverBridge, true), hop(to, "veth9c8d", path.PodPort, path.ReceiverPod, true),
	}}
	says := "The request entered " + to + " by eth0 as VXLAN 172.18.0.3 → 172.18.0.4:8472, was decapsulated on flannel.1, never reached cni0"
	place := path.Place{Node: to, Stage: path.ReceiverHost}
	p := path.Path{
		ID: id, For: purpose, Title: "pod/" + from + " → pod/" + to + ", TCP port 40001", Request: request,
		Files: []string{"trace-" + id + "-" + from + ".pcapng", "trace-" + id + "-" + to + ".pcapng"},
		Verdict: path.Verdict{
			Outcome: path.Vanished, Says: says, Direction: path.Request, Place: place, Blames: place,
			LastSeen: &request.Hops[5], FirstMissing: &request.Hops[6],
			Because: []path.Reason{{Node: to, Source: "counter", Text: "snmp.Ip.InAddrErrors grew by 2"}},
		},
	}
	return report.Trace{For: purpose, Path: p, Note: report.TraceNote{
		ID: id, Outcome: p.Verdict.Outcome, Says: says, Place: place.String(), Drawing: path.Draw(p), Files: p.Files,
		NotAsked: []string{from + ", " + to + ": the kernel was not asked why it drops packets: CAP_BPF is missing"},
	}}
}

// trace attaches a flow that was sent again to the cause it was sent for.
func (b *builder) trace(t report.Trace) {
	b.r.Traces = append(b.r.Traces, t)
	for i := range b.r.Causes {
		if b.r.Causes[i].Key == t.For {
			note := t.Note
			b.r.Causes[i].Trace = &note
		}
	}
}

// hostileTrace has an attack in everything that a drawing shows.
func (b *builder) hostileTrace(purpose, evil, says string) {
	t := vanished(evil, purpose, evil, "n1")
	t.Path.Title, t.Path.Verdict.Says = says, says
	for i := range t.Path.Request.Hops {
		t.Path.Request.Hops[i].Dev = evil
	}
	t.Note.Says, t.Note.Place, t.Note.Drawing, t.Note.NotAsked = says, evil, says, []string{says}
	b.trace(t)
}
