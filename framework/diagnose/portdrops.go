package diagnose

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// seenBlocked names a blocked tunnel where no shape can: on nodes whose pod traffic
// another fault takes away as well. A rule that drops the tunnel's port and whose
// counter moved, or whose node the probes of that port do not reach, is evidence by
// itself; so are the probes of the port alone, where the hosts pass UDP otherwise.
func (in *input) seenBlocked(named []claim) []claim {
	var out []claim
	spoken := func(nodes []string) bool {
		return slices.ContainsFunc(slices.Concat(named, out), func(c claim) bool {
			return slices.ContainsFunc(nodes, func(n string) bool { return slices.Contains(c.nodes, n) })
		})
	}
	probes := in.portProbes()
	for _, f := range in.ruledPort(probes) {
		if !spoken(f.nodes) {
			out = append(out, in.ruledClaim(f))
		}
	}
	for _, f := range probes {
		if dev, ok := in.vxlanOf(f.Nodes[0]); ok && !spoken(f.Nodes) {
			out = append(out, in.probedClaim(f, dev))
		}
	}
	return out
}

// portProbes are the findings of the tunnel's port which nothing before explains and
// which say that other UDP passes between the same nodes.
func (in *input) portProbes() []located {
	var out []located
	for _, j := range in.judged {
		for i, f := range j.Result.Findings {
			if j.ID == overlayPort && f.Verdict == check.Fail && len(f.Pairs) > 0 && len(f.Nodes) > 0 &&
				!in.explained[findingID{j.ID, i}] && strings.Contains(f.Says, "only this port is blocked") {
				out = append(out, located{j.ID, f})
			}
		}
	}
	return out
}

// ruled are dropping rules with the same text on some nodes.
type ruled struct {
	nodes []string
	drops []dropRule
	dev   facts.Interface
}

// ruledPort finds rules that drop the tunnel's port and were met while the suite
// probed. Only nodes of which the firewall checks or the probes of the port speak are
// looked at: reading the rules of a thousand nodes takes long.
func (in *input) ruledPort(probes []located) []ruled {
	var out []ruled
	for _, node := range in.suspects(probes) {
		dev, ok := in.vxlanOf(node)
		if !ok {
			continue
		}
		drops := slices.DeleteFunc(in.dropsOf([]string{node}, dev.Vxlan.Port), func(d dropRule) bool { return !in.met(d, probes) })
		if len(drops) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(r ruled) bool {
			return r.drops[0].rule.Text == drops[0].rule.Text && r.drops[0].place() == drops[0].place()
		})
		if i < 0 {
			out = append(out, ruled{[]string{node}, drops, dev})
			continue
		}
		out[i].nodes, out[i].drops = append(out[i].nodes, node), append(out[i].drops, drops...)
	}
	return out
}

// suspects are the nodes on which a rule may have dropped the tunnel's port, sorted.
func (in *input) suspects(probes []located) []string {
	var out []string
	for _, f := range slices.Concat(probes, in.found(firewallDrops, check.Fail, check.Warn)) {
		out = append(out, f.Nodes...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// met says whether a rule counted something during the run, or the probes of the
// port fail at its node. One that drops every packet to the port did not count the
// tunnel's where all probes of the port came through.
func (in *input) met(d dropRule, probes []located) bool {
	if !d.picks() && in.tunnelPasses(d) {
		return false
	}
	for _, f := range in.found(firewallDrops, check.Fail, check.Warn) {
		if speaksOf(f.Finding, []check.Evidence{d.evidence()}) {
			return true
		}
	}
	return slices.ContainsFunc(probes, func(f located) bool { return f.names(d.node) })
}

// tunnelPasses: all pairs that the rule must break were probed at the tunnel's port
// while it stood there, and came through: on this network packets do not meet it.
func (in *input) tunnelPasses(d dropRule) bool {
	if _, stood := in.countedBy(d); !stood {
		return false
	}
	blocked, passed := in.blockedBy(d), 0
	for _, m := range in.facts.Matrices {
		if m.Flow.To != facts.ToTunnel || m.Flow.Look != facts.Main {
			continue
		}
		for _, row := range m.Rows {
			for i, c := range row.Cells[:min(len(row.Cells), len(m.Targets))] {
				switch {
				case m.Targets[i].Node != d.node || !blocked[pair{row.From.Node, d.node}]:
				case c.Outcome == facts.OK && !c.Retried:
					passed++
				default:
					return false
				}
			}
		}
	}
	return passed > 0
}

func (d dropRule) evidence() check.Evidence {
	return check.Evidence{Node: d.node, Source: d.place(), Text: d.rule.Text}
}

// ruleFrom reads the source out of a rule's text, in the words of iptables and nft.
var ruleFrom = regexp.MustCompile(`(?:-s|ip6? saddr) ([0-9a-f.:]+(?:/[0-9]+)?)`)

// plainDrop is a rule that drops every packet to a UDP port, whatever it holds and
// by whatever interface it comes: of anything else it is not sure what it drops.
var plainDrop = regexp.MustCompile(`^-A \S+(?: -[sd] \S+)* -p udp(?: -m udp)? --dport \d+ -j \S+`)

// picks: the rule may let some of the tunnel's packets pass.
func (d dropRule) picks() bool { return !plainDrop.MatchString(d.rule.Text) }

// blockedBy are the ordered pairs of nodes whose tunnel a rule drops, both ways, as
// an echo needs both. A rule without an address is about all other nodes.
func (in *input) blockedBy(d dropRule) map[pair]bool {
	out := map[pair]bool{}
	for _, n := range in.facts.Nodes {
		if n.Name != d.node && d.names(n) {
			out[pair{n.Name, d.node}], out[pair{d.node, n.Name}] = true, true
		}
	}
	return out
}

func (d dropRule) names(n facts.Node) bool {
	for _, pattern := range []*regexp.Regexp{ruleFrom, ruleTo} {
		m := pattern.FindStringSubmatch(d.rule.Text)
		if m == nil {
			continue
		}
		prefix, err := netip.ParsePrefix(m[1])
		if addr, err2 := netip.ParseAddr(m[1]); err2 == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || pattern == ruleTo && d.chain.Hook == "input" {
			continue // the destination of what comes in is the node itself
		}
		if !slices.ContainsFunc(n.Internal, prefix.Contains) {
			return false
		}
	}
	return true
}

// ruledClaim is the claim of rules that drop the tunnel's port.
func (in *input) ruledClaim(r ruled) claim {
	blocked := map[pair]bool{}
	for _, d := range r.drops {
		for p := range in.blockedBy(d) {
			blocked[p] = true
		}
	}
	return in.tunnelFault(tunnelFault{nodes: r.nodes, blocked: blocked, dev: r.dev, drops: r.drops})
}

// probedClaim is the claim of probes of the tunnel's port that nobody received.
func (in *input) probedClaim(f located, dev facts.Interface) claim {
	blocked := map[pair]bool{}
	for _, p := range f.Pairs {
		if s, known := in.place(cellOf(f.Finding, p)); known {
			blocked[pair{s.from.Node, s.to.Node}], blocked[pair{s.to.Node, s.from.Node}] = true, true
		}
	}
	c := in.tunnelFault(tunnelFault{nodes: f.Nodes, blocked: blocked, dev: dev})
	c.evidence = append(c.evidence, check.Evidence{Source: "probes of the tunnel's port", Text: f.Says})
	c.proved, c.open = true, false
	c.grounds = "what was sent to the tunnel's port was never seen at the far end, and UDP to another port was"
	return c
}
