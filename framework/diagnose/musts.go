package diagnose

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// What is sure to break. These tests are narrow on purpose: a cell that comes right
// although it matches one speaks against the cause. An echo needs both ways, so a
// pair is broken where one of them is.

// plainPods: small packets from pod to pod while the probes ran.
func plainPods(f facts.Flow) bool {
	return f.From == facts.FromPod && f.To == facts.ToPod && f.Look == facts.Main &&
		(f.Via == facts.TCP || f.Via == facts.UDP || f.Via == facts.ICMP)
}

// across matches pod to pod between nodes, for one family or, where it is empty, all.
func across(family facts.Family, between func(a, b string) bool) cellTest {
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return plainPods(f) && (family == "" || f.Family == family) && from.Node != to.Node && between(from.Node, to.Node)
	}
}

// oneFamily is the only family of the cluster; ok is false where it has two, for then
// it is not told which of them is broken.
func (in *input) oneFamily() (facts.Family, bool) {
	if len(in.facts.Cluster.Families) != 1 {
		return "", false
	}
	return in.facts.Cluster.Families[0], true
}

// acrossAll: nothing passes between pods of the node and of the others.
func acrossAll(in *input, node string, f check.Finding) cellTest {
	family, ok := in.oneFamily()
	if !ok || !strings.Contains(f.Says, "is down") {
		return nil
	}
	return across(family, func(a, b string) bool { return a == node || b == node })
}

// acrossPeer: nothing passes between the node's pods and those of the peer that the
// finding names.
func acrossPeer(in *input, node string, f check.Finding) cellTest {
	family, ok := in.oneFamily()
	peer := in.peerOf(f)
	if !ok || peer == "" || strings.Contains(f.Says, "routes to") || strings.Contains(f.Says, "not permanent") {
		return nil // several routes, or an entry that is right so far
	}
	return across(family, func(a, b string) bool { return a == node && b == peer || a == peer && b == node })
}

// intoStale: nothing passes into the range of the route that throws away or leads
// nowhere, which the finding names first.
func intoStale(_ *input, node string, f check.Finding) cellTest {
	if !strings.Contains(f.Says, "thrown away") && !strings.Contains(f.Says, "leads nowhere") {
		return nil
	}
	for _, word := range strings.Fields(f.Says) {
		if prefix, err := netip.ParsePrefix(word); err == nil {
			return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
				return plainPods(f) && from.Node == node && to.Node != node && prefix.Contains(to.Addr)
			}
		}
	}
	return nil
}

// intoDiverted: the kernel refuses the address that the finding names in brackets.
func intoDiverted(_ *input, node string, f check.Finding) cellTest {
	if !strings.Contains(f.Says, "refuses") {
		return nil // packets that leave elsewhere may come there all the same
	}
	return toAddresses(node, f)
}

// intoWrongMAC: what other nodes send to the pod that the finding names does not come in.
func intoWrongMAC(_ *input, node string, f check.Finding) cellTest {
	to := addressesIn(f)
	if len(to) == 0 {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, t facts.Target) bool {
		return plainPods(f) && t.Node == node && from.Node != node && slices.Contains(to, t.Addr)
	}
}

func toAddresses(node string, f check.Finding) cellTest {
	to := addressesIn(f)
	if len(to) == 0 {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, t facts.Target) bool {
		return plainPods(f) && from.Node == node && t.Node != node && slices.Contains(to, t.Addr)
	}
}

// addressesIn are those that stand alone in brackets in what a finding says.
func addressesIn(f check.Finding) []netip.Addr {
	var out []netip.Addr
	for _, word := range strings.Fields(f.Says) {
		inner, opens := strings.CutPrefix(word, "(")
		if a, err := netip.ParseAddr(strings.TrimRight(inner, "),;:.")); opens && err == nil {
			out = append(out, a)
		}
	}
	return out
}

// fromUnwritten: a Service's address that the node's data plane lacks.
func fromUnwritten(in *input, node string, f check.Finding) cellTest {
	if strings.Contains(f.Says, "it was right") || !strings.Contains(f.Says, "has no rule for") && !strings.Contains(f.Says, "has no virtual server for") {
		return nil
	}
	return func(flow facts.Flow, from facts.Vantage, to facts.Target) bool {
		return flow.To == facts.ToClusterIP && flow.Look == facts.Main && from.Node == node &&
			to.Addr.IsValid() && strings.Contains(f.Says, "for "+to.Addr.String()+" ")
	}
}

// fromUnserved: without kube-proxy nobody writes the suite's own Service, which is
// made during the run.
func fromUnserved(findings []located) cellTest {
	var nodes []string
	for _, f := range findings {
		if f.Kind == check.ProxyAbsent {
			nodes = append(nodes, f.Nodes...)
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return f.To == facts.ToClusterIP && f.Look == facts.Main && slices.Contains(nodes, from.Node)
	}
}

// nodesBy are sets of nodes by family.
type nodesBy map[facts.Family]map[string]bool

func (n nodesBy) add(f facts.Family, nodes ...string) {
	if n[f] == nil {
		n[f] = map[string]bool{}
	}
	for _, node := range nodes {
		n[f][node] = true
	}
}

// across matches pod to pod into and out of them; nil where there are none.
func (n nodesBy) across() cellTest {
	if len(n) == 0 {
		return nil
	}
	return func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return plainPods(f) && from.Node != to.Node && (n[f.Family][from.Node] || n[f.Family][to.Node])
	}
}

// unforwarded: pod to pod into and out of nodes which did not forward this family,
// neither at the first look nor at the last.
func (in *input) unforwarded(nodes []string) cellTest {
	key := map[facts.Family]string{facts.IPv4: "net.ipv4.ip_forward", facts.IPv6: "net.ipv6.conf.all.forwarding"}
	off := nodesBy{}
	for _, node := range nodes {
		first, last := in.facts.Host(node, facts.First), in.facts.Host(node, facts.Last)
		for family, k := range key {
			if first != nil && last != nil && first.Sysctls[k] == "0" && last.Sysctls[k] == "0" {
				off.add(family, node)
			}
		}
	}
	return off.across()
}

// unpassed: pod to pod into and out of nodes where a rule or policy of FORWARD stops
// all of it, in both directions, whatever it carries.
func (in *input) unpassed(findings []located) cellTest {
	stopped := nodesBy{}
	for _, f := range findings {
		if !strings.Contains(f.Says, "all forwarded pod traffic to and from other nodes") || atOneLook(f.Finding) {
			continue
		}
		if family, ok := in.familyOfRule(f.Says); ok {
			stopped.add(family, f.Nodes...)
		}
	}
	return stopped.across()
}

// familyOfRule is the family that a rule's tool is for.
func (in *input) familyOfRule(says string) (facts.Family, bool) {
	switch {
	case strings.Contains(says, "ip6tables"), strings.Contains(says, "nft table ip6 "):
		return facts.IPv6, true
	case strings.Contains(says, "iptables"), strings.Contains(says, "nft table ip "):
		return facts.IPv4, true
	}
	return in.oneFamily()
}

// atOneLook: what was seen at one of the looks only need not have stood while the
// probes ran.
func atOneLook(f check.Finding) bool {
	return strings.Contains(f.Says, "look only") || strings.Contains(f.Says, "at the first look") || strings.Contains(f.Says, "at the last look")
}
