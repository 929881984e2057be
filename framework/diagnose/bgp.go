package diagnose

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

const (
	bgpDownID    = "bgp-down"
	routePodCIDR = "route/pod-cidr"
)

// bgpDown: where nodes tell each other their routes by BGP, one session carries the
// routes of both ends. Where both ends lack the other's, the session is down; where
// a rule drops its port, the rule is why.
func bgpDown(in *input) []claim {
	var findings []located
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if j.ID == routePodCIDR && f.Verdict == check.Fail && len(f.Nodes) > 0 && !in.explained[findingID{j.ID, i}] {
				findings = append(findings, located{j.ID, f})
			}
		}
	}
	if len(findings) == 0 {
		return nil
	}
	net := in.network()
	port, ok := bgpPort(in.facts, net)
	if !ok {
		return nil
	}
	b := broken{in: in, net: net, port: port, lacks: in.lacking(net, nodesIn(findings))}
	b.find()
	if len(b.nodes) == 0 {
		return nil
	}
	return []claim{b.claim(findings)}
}

// bgpPort is the port of the plugin's BGP sessions, where its routes come by them: it
// has some, and no VXLAN.
func bgpPort(s *facts.Snapshot, net *dataplane.Network) (uint16, bool) {
	i := slices.IndexFunc(net.Plugin().Peers, func(p cni.Port) bool { return p.What == "BGP" })
	if i < 0 {
		return 0, false
	}
	for _, n := range s.Nodes {
		if h, why := dataplane.Seen(s, n.Name); why == "" && len(net.Tunnels(*h, n)) > 0 {
			return 0, false
		}
	}
	return net.Plugin().Peers[i].Number, true
}

// lacking are the ordered pairs of nodes of which the first has no route of its own
// to the second's pods, though it should.
func (in *input) lacking(net *dataplane.Network, nodes []string) map[pair]bool {
	out := map[pair]bool{}
	for _, node := range nodes {
		h, why := dataplane.Seen(in.facts, node)
		if why != "" {
			continue
		}
		routes := dataplane.RoutesOf(*h)
		for _, peer := range in.facts.Nodes {
			for _, f := range in.facts.Cluster.Families {
				for _, p := range net.Pods(peer.Name, f) {
					r, ok := routes.Route(p.Masked().Addr())
					if peer.Name != node && (!ok || !r.Dst.IsValid() || r.Dst.Bits() == 0) {
						out[pair{node, peer.Name}] = true
					}
				}
			}
		}
	}
	return out
}

// broken are sessions that are down.
type broken struct {
	in    *input
	net   *dataplane.Network
	port  uint16
	lacks map[pair]bool
	// pairs of nodes without a session, each once; nodes are those that are blamed.
	pairs []pair
	nodes []string
	drops []dropRule
}

func (b *broken) find() {
	for p := range b.lacks {
		b.drops = append(b.drops, b.in.sessionDrops(p.from, b.port)...)
	}
	b.drops = distinct(b.drops)
	at := nodesOfDrops(b.drops)
	for p := range b.lacks {
		back := pair{p.to, p.from}
		ruled := slices.Contains(at, p.from) || slices.Contains(at, p.to)
		if (b.lacks[back] || ruled) && !slices.Contains(b.pairs, back) {
			b.pairs = append(b.pairs, p)
		}
	}
	slices.SortFunc(b.pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to)) })
	ends := nodesOfPairs(b.pairs)
	if b.nodes = at; len(at) > 0 {
		return
	}
	b.nodes = slices.DeleteFunc(slices.Clone(ends), func(n string) bool {
		return slices.ContainsFunc(b.pairs, func(p pair) bool { return p.from != n && p.to != n })
	})
	if len(b.nodes) != 1 {
		b.nodes = ends
	}
}

func nodesOfPairs(pairs []pair) []string {
	var out []string
	for _, p := range pairs {
		out = append(out, p.from, p.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// distinct keeps each rule once, sorted.
func distinct(drops []dropRule) []dropRule {
	id := func(d dropRule) string { return d.node + " " + d.place() + " " + d.rule.Text }
	slices.SortFunc(drops, func(x, y dropRule) int { return slices.Compare([]string{id(x)}, []string{id(y)}) })
	return slices.CompactFunc(drops, func(x, y dropRule) bool { return id(x) == id(y) })
}

// sessionDrops finds rules of a node that drop a TCP port of the host itself.
func (in *input) sessionDrops(node string, port uint16) []dropRule {
	spoken := regexp.MustCompile(fmt.Sprintf(`(-p tcp\b.*--[ds]ports? \S*\b%d\b)|(tcp [ds]port (\{[^}]*)?\b%[1]d\b)`, port))
	var out []dropRule
	for _, look := range []facts.Look{facts.First, facts.Last} {
		host := in.facts.Host(node, look)
		if host == nil {
			continue
		}
		rules, _ := netfilter.Load(host.Firewall) // what cannot be read is reported by the firewall checks
		for _, c := range rules.Chains {
			for _, r := range c.Rules {
				if c.Hook != "forward" && r.Target.Kind == netfilter.Drop && spoken.MatchString(r.Text) {
					out = append(out, dropRule{node: node, chain: c, rule: r})
				}
			}
		}
	}
	return out
}

// withoutRoute: nothing comes, and of DNS queries that take several datagrams, or
// several replicas, only a part does.
func withoutRoute(f facts.Flow, c facts.Cell) bool {
	return turnedAway(f, c) || f.Via == facts.Record || f.Via == facts.Big
}

func (b *broken) claim(findings []located) claim {
	evidence, _ := evidenceOf(findings)
	ends := nodesOfPairs(b.pairs)
	c := claim{nodes: b.nodes, leaves: withoutRoute, parts: []string{partHost}}
	c.says = fmt.Sprintf("%s: the BGP sessions (TCP port %d) are down, so routes to pod CIDRs are missing on %s", names(b.nodes), b.port, names(ends))
	c.grounds = "one session carries the routes of both ends, and both ends lack the other's"
	if len(b.drops) > 0 {
		d := b.drops[0]
		c.says = fmt.Sprintf("%s: rule %d of %s (table %s) drops BGP (TCP port %d), so the sessions are down and routes to pod CIDRs are missing on %s",
			names(b.nodes), d.rule.Position, d.chain.Name, d.chain.Table, b.port, names(ends))
		c.grounds = "the rule drops the packets of the sessions by which the nodes tell each other these routes"
		for _, d := range b.drops {
			c.evidence = append(c.evidence, d.evidence())
		}
	}
	c.evidence = append(c.evidence, evidence...)
	c.remedy = b.remedy()
	c.cell = b.cells()
	if family, ok := b.in.oneFamily(); ok {
		c.must = across(family, func(x, y string) bool { return b.between(x, y) })
	}
	c.finding = func(id string, f check.Finding) bool {
		own := slices.ContainsFunc(findings, func(o located) bool { return o.check == id && o.Subject == f.Subject && o.Says == f.Says })
		follows := slices.Contains([]string{"route/lookup", "component/cni", startup, firewallDrops}, id) && f.Verdict != check.Unknown
		return own || follows && sameNodes(f, ends)
	}
	return c
}

func (b *broken) between(x, y string) bool {
	return slices.Contains(b.pairs, pair{x, y}) || slices.Contains(b.pairs, pair{y, x})
}

// cells are those between pods, or a pod and a host, of nodes without a session:
// a pod's packets to another host are not masqueraded, so the reply needs a route.
func (b *broken) cells() cellTest {
	var tests []cellTest
	for _, p := range b.pairs {
		tests = append(tests, tunnelled(b.in, p.from, p.to))
	}
	for _, n := range b.nodes {
		at := passing(b.in, n, "")
		tests = append(tests, func(f facts.Flow, from facts.Vantage, to facts.Target) bool {
			hosts := f.From != facts.FromPod && (f.To == facts.ToHost || f.To == facts.ToTunnel)
			return !hosts && at(f, from, to) || f.From == facts.FromPod && from.Node == n && f.To != facts.ToEgress
		})
	}
	return eitherOf(tests)
}

func (b *broken) remedy() []check.Remedy {
	s := b.in.facts
	namespace, set := b.net.Plugin().Agent(s)
	var out []check.Remedy
	for _, d := range b.drops {
		out = append(out, check.Remedy{Text: "delete the rule that drops BGP", Node: d.node, Command: d.undo()})
	}
	if show := b.net.Plugin().Words.Sessions; show != nil && set != "" {
		for _, n := range b.nodes[:min(2, len(b.nodes))] {
			step := show(cni.Agent{Namespace: namespace, DaemonSet: set}, podOn(s, n, "POD-ON-"+n))
			out = append(out, check.Remedy{Purpose: check.Find, Text: step.Text, Command: step.Command})
		}
	}
	if len(b.drops) == 0 {
		out = append(out, check.Remedy{
			Purpose: check.Find, Text: "see which sessions are there, and look for a rule about the port", Node: b.nodes[0],
			Command: fmt.Sprintf("ss -tn '( dport = :%d or sport = :%[1]d )'; iptables-save | grep -w %[1]d; nft list ruleset | grep -w %[1]d", b.port),
		}, check.Remedy{Text: fmt.Sprintf("allow TCP port %d between all nodes, both ways, in the security group or firewall between them", b.port)})
	} else {
		out = append(out, check.Remedy{
			Purpose: check.Last, Text: "find out what made the rule (a firewall service, a security agent), and allow the port there, or it comes back", Node: b.drops[0].node,
			Command: fmt.Sprintf("grep -rsnIE -- '%d|DROP|drop' /etc/iptables /etc/sysconfig /etc/nftables.conf /etc/nftables.d /etc/ufw /etc/firewalld /etc/systemd /etc/cron.d", b.port),
		})
	}
	return append(out, check.Remedy{
		Purpose: check.Verify, Text: fmt.Sprintf("check the routes and the pods (a session takes up to %s to come back): PASS must stand at both, and the exit status must be 0", figures.Count(2, "minute")),
		Command: "plumbline run --checks route/pod-cidr,reach/pod-to-pod",
	})
}

// podOn is the pod of the plugin's agent on a node.
func podOn(s *facts.Snapshot, node, otherwise string) string {
	for _, p := range s.Cluster.CNIPods {
		if p.Node == node {
			return p.Name
		}
	}
	return otherwise
}
