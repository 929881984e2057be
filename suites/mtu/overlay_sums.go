package mtu

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// sums are the sums of all nodes, with those that do not come out.
type sums struct {
	ranges  map[facts.Family][]netip.Prefix // of pods
	wrong   []misfit
	missing map[string][]string
	kinds   []string
}

// misfit is one sum that does not come out on one node. Two nodes with one and
// the same misfit are one finding.
type misfit struct {
	node, says, source, text string
	verdict                  check.Verdict
	remedy                   []check.Remedy
}

func (a *sums) unknown(node, why string) {
	if a.missing == nil {
		a.missing = map[string][]string{}
	}
	if !slices.Contains(a.missing[why], node) {
		a.missing[why] = append(a.missing[why], node)
	}
}

// node does the sums of one node in one family of pod addresses.
func (a *sums) node(s *facts.Snapshot, h facts.HostLook, n facts.Node, f facts.Family) {
	pod := podMTU(h, n)
	if pod == 0 {
		a.unknown(n.Name, "the MTU of its pods was not seen")
	}
	tunnels := carrying(h, a.ranges[f])
	for _, t := range tunnels {
		a.kind(tunnelWords[t.Kind] + " " + t.Name)
		a.tunnel(s, h, n, t, f)
		if pod > t.MTU && t.MTU > 0 {
			a.pods(s, n, t, pod, f)
		}
	}
	if len(tunnels) > 0 || a.byProgram(s, h, n, f) {
		return
	}
	if nic, ok := uplink(s, h, n, f); ok && pod > nic.MTU && nic.MTU > 0 {
		a.pods(s, n, nic, pod, f)
	}
}

func (a *sums) kind(words string) {
	if !slices.Contains(a.kinds, words) {
		a.kinds = append(a.kinds, words)
	}
}

// tunnel holds the tunnel with what it adds against the interface that carries it.
func (a *sums) tunnel(s *facts.Snapshot, h facts.HostLook, n facts.Node, t facts.Interface, f facts.Family) {
	of, known := outer(t, n)
	if !known {
		a.unknown(n.Name, "the outer addresses of "+t.Name+" are not known")
		return
	}
	below, ok := carrier(s, h, n, t, of)
	if !ok || below.MTU == 0 {
		a.unknown(n.Name, "the interface that carries "+t.Name+" was not found")
		return
	}
	more := overhead(t.Kind, of)
	if t.MTU+more <= below.MTU {
		return
	}
	m := misfit{
		node: n.Name, verdict: check.Fail, source: "ip -d link",
		text: fmt.Sprintf("%s mtu %d; %s mtu %d", t.Name, t.MTU, below.Name, below.MTU),
		says: fmt.Sprintf("%s has MTU %d, and %s over %s adds %d bytes: that makes %d, more than the %d of %s which carries it",
			t.Name, t.MTU, tunnelWords[t.Kind], familyWord(of), more, t.MTU+more, below.MTU, below.Name),
		remedy: tunnelRemedy(s, n.Name, t, below, below.MTU-more),
	}
	if measured(s, n.Name, f) == arrives {
		m.verdict = check.Warn
		m.says += "; full packets do arrive (mtu/path), so they are cut in pieces on the way"
	}
	a.wrong = append(a.wrong, m)
}

// pods holds the packets of pods against the interface they are sent into. The
// node itself forwards them, knows the smaller size and tells the pod; so it is a
// Warning, unless it was measured that packets vanish (see mtu/path).
func (a *sums) pods(s *facts.Snapshot, n facts.Node, into facts.Interface, pod int, f facts.Family) {
	m := misfit{
		node: n.Name, verdict: check.Warn, source: "ip -d link; MTU in the pod",
		text: fmt.Sprintf("pods mtu %d; %s mtu %d", pod, into.Name, into.MTU),
		says: fmt.Sprintf("pods have MTU %d, and %s, which carries their %s packets to other nodes, only %d", pod, into.Name, familyWord(f), into.MTU),
		remedy: append([]check.Remedy{
			{Purpose: check.Find, Text: "See which pods have the larger MTU: those that were made before the plugin's MTU was changed", Node: n.Name, Command: "ip -o link show type veth"},
			{
				Text: "Pods take the size when they are made: restart their workloads one by one (kubectl rollout restart), when that suits their owners",
			},
			keepCNI(s, into.MTU),
		}, shown(n.Name, "no pod's interface may have more than "+into.Name, "mtu/overlay", into.Name, "veth*")...),
	}
	if measured(s, n.Name, f) == vanishes {
		m.verdict = check.Fail
		m.says += "; larger packets vanish in silence (mtu/path)"
	} else {
		m.says += "; the node tells the sender, so connections adapt"
	}
	a.wrong = append(a.wrong, m)
}

// byProgram does the sum where a program sends into the tunnel: its device takes any
// size, and the routes to other nodes' pods have the MTU that leaves room for the
// outer headers. Facts without it give no sum.
func (a *sums) byProgram(s *facts.Snapshot, h facts.HostLook, n facts.Node, f facts.Family) bool {
	t, ok := dataplane.TunnelFor(s, h, n, f)
	if !ok || !dataplane.External(t) {
		return false
	}
	a.kind(tunnelWords[t.Kind] + " " + t.Name)
	below, known := carrier(s, h, n, t, f)
	for _, r := range dataplane.Main(h) {
		if r.MTU == 0 || !r.Dst.IsValid() || !known || below.MTU == 0 || dataplane.Of(r.Dst.Addr()) != f || !slices.ContainsFunc(a.ranges[f], within(r.Dst)) {
			continue
		}
		if room := below.MTU - overheads[t.Kind][0]; r.MTU > room {
			a.wrong = append(a.wrong, misfit{
				node: n.Name, verdict: check.Warn, source: "route, main table", text: fmt.Sprintf("%s mtu %d", dataplane.Text(r), r.MTU),
				says:   fmt.Sprintf("routes to pods have the MTU %d, but %s (%d) leaves %d inside %s", r.MTU, below.Name, below.MTU, room, t.Name),
				remedy: []check.Remedy{keepCNI(s, room)},
			})
			break
		}
	}
	return true
}

// words names the tunnels that were judged.
func (a *sums) words() string {
	if len(a.kinds) == 0 {
		return "; no tunnel carries pod traffic between the nodes"
	}
	slices.Sort(a.kinds)
	return " (" + strings.Join(a.kinds, ", ") + ")"
}

// findings are the misfits, one for all nodes that have the same.
func (a *sums) findings(nodes int) []check.Finding {
	var out []check.Finding
	at := map[string]int{}
	for _, m := range a.wrong {
		id := m.verdict.String() + m.says
		i, ok := at[id]
		if !ok {
			i = len(out)
			at[id] = i
			out = append(out, check.Finding{Verdict: m.verdict, Says: m.says, Remedy: m.remedy})
		}
		f := &out[i]
		f.Nodes = append(f.Nodes, m.node)
		if len(f.Evidence) < 3 {
			f.Evidence = append(f.Evidence, check.Evidence{Node: m.node, Source: m.source, Text: m.text})
		}
	}
	for _, why := range sortedKeys(a.missing) {
		out = append(out, check.Finding{Verdict: check.Unknown, Nodes: a.missing[why], Says: "the MTUs could not be compared: " + why})
	}
	for i := range out {
		complete(&out[i], nodes)
	}
	slices.SortStableFunc(out, func(x, y check.Finding) int { return cmp.Compare(rank(x.Verdict), rank(y.Verdict)) })
	return out
}

// warned counts the nodes that only a Warning names.
func (a *sums) warned(findings []check.Finding) int {
	grave, mild := map[string]bool{}, map[string]bool{}
	for _, f := range findings {
		for _, n := range f.Nodes {
			if f.Verdict == check.Warn {
				mild[n] = true
			} else {
				grave[n] = true
			}
		}
	}
	count := 0
	for n := range mild {
		if !grave[n] {
			count++
		}
	}
	return count
}
