package diagnose

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// finding is what a check found.
type finding = check.Finding

// policyDrop is a rule of a plugin's per-pod chain that dropped packets of the probe
// pod of its node while the suite probed.
type policyDrop struct {
	dropRule
	before, after uint64
	names         []cni.PolicyName
}

func (d policyDrop) evidence() check.Evidence {
	e := d.dropRule.evidence()
	e.Text += fmt.Sprintf("; counter %d → %d", d.before, d.after)
	return e
}

// chainedPolicies reads the policies out of the packet filter: a plugin makes a
// chain for each pod, to which only packets of that pod lead, and a rule at its end
// drops what no policy permits.
func chainedPolicies(in *input) []claim {
	drops := in.policyDrops()
	if len(drops) == 0 {
		return nil
	}
	h := held{true, true}
	if !in.inForce(h) {
		return nil
	}
	list := in.namedPolicies(drops)
	c := in.policyClaim(h)
	c.says, c.key = policySays(list), policyNames(list, "+")
	if len(list) == 0 {
		c.key, c.says = "", "a network policy stops the connections of the suite's probe pods, by the chains that the network plugin makes for each pod: "+
			"what these pods could not reach is not known to be broken"
	}
	c.grounds = "the plugin's own rule for the probe pod counted"
	c.remedy = policySteps(in.facts, list)
	in.addRules(&c)
	return []claim{c}
}

// namedPolicies are the policies that the chains of our pods name.
func (in *input) namedPolicies(drops []policyDrop) []facts.Policy {
	var out []facts.Policy
	for _, d := range drops {
		for _, n := range d.names {
			p := facts.Policy{Kind: n.Kind, Namespace: n.Namespace, Name: n.Name, Ingress: facts.RestrictRules, Egress: facts.RestrictRules}
			if p.Kind == "NetworkPolicy" && p.Namespace == "" {
				p.Namespace = in.facts.Run.Namespace
			}
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// policyDrops are those rules on all nodes.
func (in *input) policyDrops() []policyDrop {
	if in.policyRules == nil {
		in.policyRules = []policyDrop{}
		for _, n := range in.facts.Selected() {
			in.policyRules = append(in.policyRules, in.policyDropsAt(n)...)
		}
	}
	return in.policyRules
}

func (in *input) policyDropsAt(n facts.Node) []policyDrop {
	first, last := in.facts.Host(n.Name, facts.First), in.facts.Host(n.Name, facts.Last)
	if last == nil || len(n.PodAgent.Addrs) == 0 || len(last.Firewall) == 0 {
		return nil
	}
	rules, _ := netfilter.Load(last.Firewall) // what cannot be read is reported by the firewall checks
	before := map[string]uint64{}
	if first != nil {
		earlier, _ := netfilter.Load(first.Firewall)
		for _, c := range earlier.Chains {
			for _, r := range c.Rules {
				if r.Count != nil {
					before[c.Name+" "+r.Text] = r.Count.Packets
				}
			}
		}
	}
	var out []policyDrop
	for _, name := range podChains(rules, n.PodAgent.Addrs, podDevices(*last, n.PodAgent.Addrs)) {
		for _, c := range rules.Chains {
			if c.Name != name {
				continue
			}
			for _, r := range c.Rules {
				then := before[c.Name+" "+r.Text]
				if r.Target.Kind != netfilter.Drop || noPolicy.MatchString(r.Text) || r.Count == nil || r.Count.Packets <= then {
					continue
				}
				out = append(out, policyDrop{
					dropRule: dropRule{node: n.Name, chain: c, rule: r}, before: then, after: r.Count.Packets, names: namesBelow(rules, c),
				})
			}
		}
	}
	return out
}

// noPolicy matches rules of such chains that drop for another reason: packets of no
// connection, and tunnels out of pods.
var noPolicy = regexp.MustCompile(`--ctstate INVALID|ct state invalid|--dports? |dport |-p ipencap|ip protocol ipencap`)

// podDevices are the interfaces of a host to which routes lead for exactly these addresses.
func podDevices(h facts.HostLook, pods []netip.Addr) []string {
	var out []string
	for _, r := range h.Routes {
		if r.Dev != "" && r.Dst.IsValid() && r.Dst.IsSingleIP() && slices.Contains(pods, r.Dst.Addr()) && r.Type == "unicast" {
			out = append(out, r.Dev)
		}
	}
	return out
}

// podChains are the chains that a plugin makes for policies and to which a rule leads
// that is about one of our pods alone, by its address or its interface.
func podChains(rules netfilter.Ruleset, pods []netip.Addr, devices []string) []string {
	ours := func(m netfilter.Match) bool {
		if m.Not {
			return false
		}
		switch m.Kind {
		case netfilter.Source, netfilter.Destination:
			return len(m.Prefixes) == 1 && m.Prefixes[0].IsSingleIP() && slices.Contains(pods, m.Prefixes[0].Addr())
		case netfilter.InInterface, netfilter.OutIface:
			return len(m.Words) == 1 && slices.Contains(devices, m.Words[0])
		default:
			return false
		}
	}
	var out []string
	for _, c := range rules.Chains {
		for _, r := range c.Rules {
			leads := r.Target.Kind == netfilter.Jump || r.Target.Kind == netfilter.Goto
			if leads && cni.MakesPolicyChain(r.Target.Name) && slices.ContainsFunc(r.Matches, ours) && !slices.Contains(out, r.Target.Name) {
				out = append(out, r.Target.Name)
			}
		}
	}
	return out
}

// namesBelow are the policies that a chain and those to which it leads name.
func namesBelow(rules netfilter.Ruleset, top netfilter.Chain) []cni.PolicyName {
	byName := map[string]netfilter.Chain{}
	for _, c := range rules.Chains {
		if c.Family == top.Family && c.Table == top.Table && c.Tool == top.Tool {
			byName[c.Name] = c
		}
	}
	var out []cni.PolicyName
	seen, pending := map[string]bool{}, []string{top.Name}
	for len(pending) > 0 {
		c := byName[pending[0]]
		pending = pending[1:]
		if seen[c.Name] {
			continue
		}
		seen[c.Name] = true
		for _, r := range c.Rules {
			if name, ok := cni.PolicyNamed(r.Text); ok && !slices.Contains(out, name) {
				out = append(out, name)
			}
			if r.Target.Kind == netfilter.Jump || r.Target.Kind == netfilter.Goto {
				pending = append(pending, r.Target.Name)
			}
		}
	}
	return out
}
