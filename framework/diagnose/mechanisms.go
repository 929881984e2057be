package diagnose

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// mechanism is a cause that a host check proves by itself: what the node holds
// is wrong, and what follows from that is known.
type mechanism struct {
	id string
	// checks are those whose failing findings are the cause; also are those whose
	// findings about the same nodes, failing or warning, follow from it.
	checks, also []string
	// holds picks the findings of checks that speak of this cause; nil takes all.
	holds func(check.Finding) bool
	// cell gives where the cause shows for a node, towards a peer or, for "", any.
	cell   func(in *input, node, peer string) cellTest
	leaves outcomeTest
	// says gives where the cause shows from what a finding says; it stands for cell.
	says func(*input, check.Finding) cellTest
	// early: what it leaves in the matrices looks like a blocked tunnel.
	early bool
	// absence: what cannot be told of the nodes follows from it, too.
	absence bool
}

// duplicateAddress is the mechanism that comes before all others: a node whose
// address another answers for comes and goes, and so does what is known of it.
const duplicateAddress = "duplicate-address"

// mechanisms come in the order in which one is the reason of the next: an
// interface left by another network is why a route could not be set.
func mechanisms() []mechanism {
	return []mechanism{
		{id: duplicateAddress, early: true, absence: true, checks: []string{"node/" + duplicateAddress}, also: []string{"node/ready", "node/agent"}, cell: passing, leaves: anyhow},
		{id: "tunnel-leftover", early: true, checks: []string{"overlay/leftover"}, also: []string{"route/pod-cidr", "route/stale", "route/lookup", "component/cni", "overlay/neighbor", "overlay/fdb", "node/changed"}, cell: tunnelled, leaves: turnedAway},
		{id: "tunnel-port-taken", early: true, checks: []string{"overlay/port"}, holds: withoutPairs, also: []string{"overlay/port", "overlay/neighbor", "overlay/fdb", "overlay/local-address", "route/pod-cidr", "route/lookup", "component/cni", "mtu/overlay", "mtu/uniform", "pressure/socket-buffers", "pressure/interfaces"}, cell: tunnelled, leaves: turnedAway},
		{id: "tunnel-address", early: true, checks: []string{"overlay/local-address"}, also: []string{"node/address", "overlay/fdb"}, cell: tunnelled, leaves: turnedAway},
		{id: "tunnel-entry", early: true, checks: []string{"overlay/fdb", "overlay/neighbor"}, also: []string{"pressure/interfaces"}, cell: tunnelled, leaves: turnedAway},
		{id: "route-missing", early: true, checks: []string{"route/pod-cidr"}, also: []string{"route/lookup", "component/cni"}, cell: tunnelled, leaves: turnedAway},
		{id: "route-stale", early: true, checks: []string{"route/stale"}, also: []string{"route/lookup", "route/pod-cidr"}, cell: tunnelled, leaves: turnedAway},
		{id: "route-diverted", early: true, checks: []string{"route/lookup"}, cell: tunnelled, leaves: turnedAway},
		{id: "pod-mac", early: true, checks: []string{"overlay/pod-mac"}, cell: intoPods, leaves: turnedAway},
		{id: "reverse-path", early: true, checks: []string{"kernel/rp-filter"}, also: []string{"node/uniform", "node/changed"}, cell: passing, leaves: lossyOrGone},
		{id: "bridge-unfiltered", checks: []string{"kernel/bridge-nf"}, also: []string{"node/uniform", "node/changed"}, cell: sameNodeServices, leaves: turnedAway},
		{id: "pods-masqueraded", checks: []string{"firewall/masquerade"}, also: []string{"reach/source-ip"}, cell: touches, leaves: rewritten},
		{id: "input-blocked", checks: []string{"firewall/input"}, also: []string{"firewall/drops"}, says: intoHost, leaves: turnedAway},
		{id: "services-not-written", checks: []string{"service/programmed"}, also: []string{"service/convergence", "node/changed", "component/kube-proxy", startup}, cell: services, leaves: anyhow},
		{id: hairpinOff, checks: []string{"service/hairpin"}, holds: withPorts, also: []string{"component/cni-config", "node/uniform"}, cell: sameNodeServices, leaves: turnedAway},
		{id: "rule-drops", checks: []string{firewallDrops}, says: ruleHits, leaves: turnedAway},
		{id: "tunnel-too-large", checks: []string{"mtu/overlay"}, also: []string{"mtu/uniform", "node/uniform"}, cell: passing, leaves: sized},
		{id: "path-mtu", checks: []string{"mtu/path"}, also: []string{"service/large-transfer", "dns/metrics", "dns/truncation"}, cell: passing, leaves: sized},
		{id: "large-packets-lost", checks: []string{"service/large-transfer"}, cell: passing, leaves: sized},
	}
}

// mechanismOf finds one of them; its id is one of the list's.
func mechanismOf(id string) mechanism {
	all := mechanisms()
	return all[slices.IndexFunc(all, func(m mechanism) bool { return m.id == id })]
}

// proven makes the claims of one mechanism, one a node, from the findings that
// nothing before has explained.
func (m mechanism) proven(in *input) []claim {
	byNode := map[string][]located{}
	for _, j := range in.judged {
		if !slices.Contains(m.checks, j.ID) {
			continue
		}
		for i, f := range j.Result.Findings {
			f = in.ofAll(f)
			if f.Verdict != check.Fail || len(f.Nodes) == 0 || m.holds != nil && !m.holds(f) {
				continue
			}
			rest, some := in.remainder(findingID{j.ID, i}, f)
			if !some {
				continue
			}
			for _, n := range m.at(in, rest.Nodes) {
				byNode[n] = append(byNode[n], located{j.ID, f})
			}
		}
	}
	var out []claim
	for _, together := range alike(byNode) {
		out = append(out, m.claim(in, together.nodes, together.findings))
	}
	return out
}

// ofAll gives a finding that names no node all of them, where it is about all: each
// node under test is an end of one of its pairs, or it has no pairs.
func (in *input) ofAll(f check.Finding) check.Finding {
	if len(f.Nodes) > 0 || f.Verdict != check.Fail {
		return f
	}
	ends := map[string]bool{}
	for _, p := range f.Pairs {
		if s, known := in.place(cellOf(f, p)); known {
			ends[s.from.Node], ends[s.to.Node] = true, true
		}
	}
	var all []string
	for _, n := range in.facts.Selected() {
		if len(f.Pairs) > 0 && !ends[n.Name] {
			return f
		}
		all = append(all, n.Name)
	}
	f.Nodes = all
	return f
}

// at leaves out nodes of which a host has shown that it is something else there.
func (m mechanism) at(in *input, nodes []string) []string {
	if m.id != hairpinOff {
		return nodes
	}
	return without(nodes, in.reflecting(nodes))
}

func (m mechanism) claim(in *input, nodes []string, findings []located) claim {
	c := claimOf(nodes, findings).ofNodes(findings)
	if m.id == hairpinOff && len(nodes) < len(nodesIn(findings)) {
		c.says = unreflected(c)
	}
	var tests []cellTest
	for _, f := range findings {
		for _, n := range nodes {
			if f.names(n) {
				tests = append(tests, m.shows(in, n, f.Finding))
			}
		}
	}
	c.cell = func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
		return slices.ContainsFunc(tests, func(t cellTest) bool { return t(f, from, to) })
	}
	if c.heals = !slices.ContainsFunc(findings, func(f located) bool { return !wasHealed(f.Finding) }); c.heals {
		c.cell = atFirst(c.cell)
	}
	c.leaves = m.leaves
	c.finding = func(id string, f check.Finding) bool {
		own := slices.ContainsFunc(findings, func(o located) bool { return o.check == id && o.Subject == f.Subject && o.Says == f.Says })
		follows := slices.Contains(m.also, id) && f.Verdict != check.Unknown || m.absence && f.Verdict == check.Unknown
		return own || follows && sameNodes(f, nodes) && (f.Verdict == check.Unknown || in.aboutSame(id, f, findings))
	}
	return in.bySizeRule(m.id, in.founded(m.id, c, findings))
}

// same are nodes with the very same findings.
type same struct {
	nodes    []string
	findings []located
}

// alike joins nodes of which the same findings speak: what is one finding on many
// nodes is one cause.
func alike(byNode map[string][]located) []same {
	var out []same
	for _, n := range sortedKeys(byNode) {
		i := slices.IndexFunc(out, func(s same) bool {
			return slices.EqualFunc(s.findings, byNode[n], func(a, b located) bool { return a.check == b.check && a.Subject == b.Subject && a.Says == b.Says })
		})
		if i < 0 {
			out = append(out, same{[]string{n}, byNode[n]})
			continue
		}
		out[i].nodes = append(out[i].nodes, n)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// peerOf is the node towards which a finding speaks ("n1 → n3"); empty where it
// is about several or none.
func (in *input) peerOf(f check.Finding) string {
	_, to, ok := strings.Cut(f.Subject, " → ")
	if ok && in.facts.Node(to) != nil {
		return to
	}
	return ""
}

// nodes are those on which failing findings prove the mechanism, whatever else explains them.
func (m mechanism) nodes(in *input) []string {
	var out []string
	for _, id := range m.checks {
		for _, f := range in.failing(id) {
			if m.holds == nil || m.holds(f.Finding) {
				out = append(out, f.Nodes...)
			}
		}
	}
	return out
}

const (
	hairpinOff  = "hairpin-off"
	bridgePorts = "bridge ports"
)

// withPorts: the bridge port was seen to send nothing back.
func withPorts(f check.Finding) bool {
	return slices.ContainsFunc(f.Evidence, func(e check.Evidence) bool { return strings.HasPrefix(e.Source, bridgePorts) })
}

func withoutPairs(f check.Finding) bool { return len(f.Pairs) == 0 }
