package service

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed hairpin.md
var hairpinDoc string

// Hairpin is the check service/hairpin.
func Hairpin() check.Check {
	return check.Check{
		ID: "service/hairpin", Promise: "A pod reaches itself through the ClusterIP of its own Service, by TCP and UDP.",
		Level: check.Core, Needs: []check.Need{check.NeedPods, check.NeedService}, Doc: hairpinDoc,
		Services: []string{facts.KindHairpin}, Looks: []facts.Look{facts.Last}, Ask: askHairpin, Evaluate: evaluateHairpin,
	}
}

func askHairpin(scope check.Scope) []facts.Flow {
	return flows(scope, facts.Main, facts.ToHairpin, []facts.Via{facts.TCP, facts.UDP}, facts.FromPod)
}

func evaluateHairpin(s *facts.Snapshot) check.Result {
	r := matrix.Judge(s, matrix.Spec{
		Flows: askHairpin(check.ScopeOf(s)), Remedy: hairpinRemedy(s),
		Noun: "pods that ask their own Service", Holds: "are answered by themselves",
	})
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Verdict == check.Fail {
			f.Evidence = append(f.Evidence, hairpinPorts(s, sendersOf(*f))...)
		}
	}
	return r
}

// sendersOf are the nodes of the senders of a finding's pairs, sorted as the pairs are.
func sendersOf(f check.Finding) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range f.Pairs {
		if _, node, ok := strings.Cut(p.From, "/"); ok && !seen[node] {
			seen[node] = true
			out = append(out, node)
		}
	}
	return out
}

// mostNodes is how many nodes' ports are shown as evidence.
const mostNodes = 4

// hairpinPorts shows the bridge port of each node's probe pod, found by its MAC
// in the bridge's table; else all ports that send nothing back.
func hairpinPorts(s *facts.Snapshot, nodes []string) []check.Evidence {
	var out []check.Evidence
	for _, name := range nodes[:min(len(nodes), mostNodes)] {
		h, n := s.Host(name, facts.Last), s.Node(name)
		if h == nil || h.NotRun != "" || n == nil {
			continue
		}
		own := portOf(h, n.PodAgent.MAC)
		var off []string
		for _, i := range h.Interfaces {
			if i.HairpinOff && (own == "" || i.Name == own) {
				off = append(off, i.Name)
			}
		}
		if len(off) > 0 {
			out = append(out, check.Evidence{
				Node: name, Source: "bridge ports (last look)", Text: "hairpin off on " + strings.Join(off[:min(6, len(off))], ", "),
			})
		}
	}
	return out
}

// portOf is the bridge port behind which a MAC is, or "".
func portOf(h *facts.HostLook, mac string) string {
	for _, e := range h.FDB {
		if i, ok := h.Interface(e.Dev); ok && mac != "" && e.MAC == mac && i.Master != "" && i.Vxlan == nil {
			return e.Dev
		}
	}
	return ""
}

// meetsSome says whether a sender meets some backends of the Service, though not all.
func meetsSome(s *facts.Snapshot, f facts.Flow, from facts.Vantage) bool {
	m := s.Matrix(f)
	if m == nil {
		return false
	}
	i := slices.IndexFunc(m.Rows, func(r facts.Row) bool { return r.From == from })
	if i < 0 || len(m.Rows[i].Cells) == 0 {
		return false
	}
	d := m.Rows[i].Detail(0)
	return m.Rows[i].Cells[0].Partial && d != nil && len(d.Met) > 0
}

func hairpinRemedy(s *facts.Snapshot) func(matrix.Place) []check.Remedy {
	reached := matrix.Lookup(s)
	return func(p matrix.Place) []check.Remedy {
		c := p.Examples[0]
		service := c.Flow
		service.To = facts.ToClusterIP
		if o := reached(service, c.From, "service"); !meetsSome(s, service, c.From) && o != facts.NotRun && o != facts.OK {
			return append([]check.Remedy{{
				Purpose: check.Find, Text: "This pod reaches no Service at all (see service/cluster-ip), so look at the node's data plane before its bridge", Node: c.From.Node,
				Command: "ps -o pid,stat,etime,args -C kube-proxy",
			}}, append(dataPlane(s, c.From.Node, c.To.Addr.String()), remedies.Again("service/hairpin"))...)
		}
		on := "for p in $(ls -d /sys/class/net/*/brport | cut -d/ -f5); do bridge link set dev $p hairpin on; done"
		if h, n := s.Host(c.From.Node, facts.Last), s.Node(c.From.Node); h != nil && n != nil && portOf(h, n.PodAgent.MAC) != "" {
			on = fmt.Sprintf("bridge link set dev %s hairpin on", portOf(h, n.PodAgent.MAC))
		}
		return []check.Remedy{
			{
				Purpose: check.Find,
				Text:    "A bridge does not send a frame back out of the port it came in by, unless that port is in hairpin mode", Node: c.From.Node,
				Command: "bridge -d link show | grep -E 'hairpin|veth'; ip -d link show type bridge | grep -i promisc",
			},
			{Text: "For pods that run already: switch it on, port by port", Node: c.From.Node, Command: on},
			{
				Purpose: check.Last, Text: "For pods to come: the CNI configuration needs \"hairpinMode\": true" + remedies.In(cni.Of(s).Words.Hairpin) + "; pods take it when they are made anew", Node: c.From.Node,
				Command: "grep -rn -e hairpinMode -e '\"type\"' /etc/cni/net.d/",
			},
			{
				Purpose: check.Find,
				Text:    "The packet must be masqueraded on its way back, or the pod sees its own address as the sender", Node: c.From.Node,
				Command: "iptables-save -t nat | grep KUBE-MARK-MASQ | grep KUBE-SEP | head; iptables-save -t nat | grep KUBE-POSTROUTING",
			},
			remedies.Again("service/hairpin"),
		}
	}
}
