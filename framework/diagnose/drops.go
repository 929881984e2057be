package diagnose

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// dropRule is a rule of a host's firewall that drops a UDP port.
type dropRule struct {
	node  string
	chain netfilter.Chain
	rule  netfilter.Rule
}

// dropsOf finds rules that drop a UDP destination port of the host itself, in
// any look and any tool, on the nodes given, except those that are known to have
// dropped nothing of the other nodes.
func (in *input) dropsOf(nodes []string, port int) []dropRule {
	var out []dropRule
	seen := map[string]bool{}
	for _, node := range nodes {
		for _, look := range []facts.Look{facts.First, facts.Main, facts.Last} {
			host := in.facts.Host(node, look)
			if host == nil {
				continue
			}
			rules, _ := netfilter.Load(host.Firewall) // what cannot be read is reported by the firewall checks
			for _, d := range portDrops(rules, port) {
				d.node = node
				if id := node + d.place() + d.rule.Text; !seen[id] {
					seen[id] = true
					if !in.harmless(d) {
						out = append(out, d)
					}
				}
			}
		}
	}
	return out
}

func portDrops(rules netfilter.Ruleset, port int) []dropRule {
	spoken := portPattern(port)
	var out []dropRule
	for _, c := range rules.Chains {
		if c.Hook == "forward" {
			continue // the tunnel's own packets begin and end on the host
		}
		for _, r := range c.Rules {
			if r.Target.Kind == netfilter.Drop && spoken.MatchString(r.Text) {
				out = append(out, dropRule{chain: c, rule: r})
			}
		}
	}
	return out
}

// portPattern matches a UDP destination port in the words of iptables
// ("-p udp -m udp --dport 8472") and of nft ("udp dport 8472").
func portPattern(port int) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf(`(-p udp\b.*--dports? \S*\b%d\b)|(udp dport (\{[^}]*)?\b%d\b)`, port, port))
}

// place is where the rule stands: "iptables-nft-save, table filter, chain INPUT, rule 1".
func (d dropRule) place() string {
	return fmt.Sprintf("%s, table %s, chain %s, rule %d", d.chain.Tool, d.chain.Table, d.chain.Name, d.rule.Position)
}

// undo is the command that deletes the rule.
func (d dropRule) undo() string {
	if d.rule.Handle != 0 {
		return fmt.Sprintf("nft delete rule %s %s %s handle %d", d.chain.Family, d.chain.Table, d.chain.Name, d.rule.Handle)
	}
	tool := strings.TrimSuffix(d.chain.Tool, "-save")
	spec := strings.TrimPrefix(d.rule.Text, "-A "+d.chain.Name+" ")
	return fmt.Sprintf("%s -t %s -D %s %s", tool, d.chain.Table, d.chain.Name, spec)
}

func nodesOfDrops(drops []dropRule) []string {
	var out []string
	for _, d := range drops {
		out = append(out, d.node)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ruleTo and rulePort read the destination out of a rule's text, in the words of
// iptables and of nft.
var (
	ruleTo   = regexp.MustCompile(`(?:-d|ip6? daddr) ([0-9a-f.:]+(?:/[0-9]+)?)`)
	rulePort = regexp.MustCompile(`(?:--dport|dport) ([0-9]+)\b`)
)

// ruleHits matches what a dropping rule's text names: packets to its address and
// port, and Services behind which that address is. A rule without a destination
// tells too little to be made answerable for anything.
func ruleHits(in *input, f check.Finding) cellTest {
	none := func(facts.Flow, facts.Vantage, facts.Target) bool { return false }
	m := ruleTo.FindStringSubmatch(f.Says)
	if m == nil {
		return none
	}
	to, err := netip.ParsePrefix(m[1])
	if err != nil {
		addr, err := netip.ParseAddr(m[1])
		if err != nil {
			return none
		}
		to = netip.PrefixFrom(addr, addr.BitLen())
	}
	port := ""
	if p := rulePort.FindStringSubmatch(f.Says); p != nil {
		port = p[1]
	}
	replica := slices.ContainsFunc(in.facts.Cluster.DNSPods, func(p facts.Pod) bool { return slices.ContainsFunc(p.Addrs, to.Contains) })
	return func(flow facts.Flow, _ facts.Vantage, t facts.Target) bool {
		dns := flow.To == facts.ToDNSService || flow.To == facts.ToDNSRecord || flow.To == facts.ToDNSExternal
		return to.Contains(t.Addr) && (port == "" || port == strconv.Itoa(int(t.Port))) || dns && replica
	}
}
