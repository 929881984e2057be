package firewall

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// strayLimit is how many packets without a place in any connection a healthy run may
// drop: late answers and resets come with every connection that is cut.
const strayLimit = 100

// weigh says how bad a growing counter is, and why in words that follow the figure;
// Pass is what every healthy cluster does.
func weigh(s *facts.Snapshot, n facts.Node, g grew) (why string, v check.Verdict) {
	text := strings.ToLower(g.text)
	switch {
	case strings.Contains(text, "ctstate invalid"), strings.Contains(text, "ct state invalid"):
		if g.packets() <= strayLimit {
			return "that belonged to no connection (INVALID), as happens when connections are cut", check.Pass
		}
		return "; these belonged to no known connection: answers that take another way, or a full connection table", check.Warn
	case g.owner.name == kubernetes && strings.Contains(text, "endpoints"):
		return "for Services without an endpoint that may answer, as kube-proxy is meant to (our own negative control asks for one)", check.Pass
	case g.owner.name == kubernetes:
		return "; the rule is kube-proxy's or the kubelet's own", check.Warn
	case g.owner.member:
		return "; the rule is " + g.owner.name + "'s own, most likely for a network policy", check.Warn
	case !arrivalOnly(g.hooks) || concerns(s, n, g):
		return "", check.Fail
	default:
		return "; nothing that the cluster is known to need ends there", check.Warn
	}
}

const kubernetes = "Kubernetes"

// arrivalOnly: the rule sees what arrives, hence also what the network around the
// host sends to everybody. What is forwarded or sent ends elsewhere.
func arrivalOnly(hooks []string) bool {
	return len(hooks) > 0 && !slices.ContainsFunc(hooks, func(h string) bool {
		return h != "input" && h != "prerouting" && h != "ingress"
	})
}

// concerns says whether what the cluster needs may end at this rule: packets that a
// node has to take in, and those between pods, where the rule means addresses or
// interfaces of theirs, or all packets.
func concerns(s *facts.Snapshot, n facts.Node, g grew) bool {
	hit := false
	note := func(rules *netfilter.Ruleset, t netfilter.Trace, sure bool) {
		if t.Certain != nil && placeOf(*t.Certain, rules).same(g.place) {
			hit = true
		}
		for _, stop := range t.Possible {
			hit = hit || (sure || aimed(stop.Rule)) && placeOf(stop, rules).same(g.place)
		}
	}
	w := nodeWalk{snapshot: s, node: n, pods: allPods(s)}
	w.follow = func(rules *netfilter.Ruleset, p netfilter.Packet) (netfilter.Trace, error) {
		t, err := rules.Forward(p)
		note(rules, t, false)
		return t, err
	}
	w.walk(facts.Last)
	rules, missing := rulesAt(s, n.Name, facts.Last)
	h := s.Host(n.Name, facts.Last)
	if missing != "" || h == nil {
		return hit
	}
	for _, f := range s.Cluster.Families {
		for _, d := range demandsOn(s, n, f) {
			if d.outside || d.nodePort && translated(s) && slices.Contains(g.hooks, "input") {
				continue
			}
			t, err := rules.Input(d.arriving(*h, n, f, d.sources))
			if err == nil {
				note(&rules, t, true)
			}
		}
	}
	return hit
}

// aimed: the rule names addresses or an interface, so it is not about anybody's port.
func aimed(r *netfilter.Rule) bool {
	return r != nil && slices.ContainsFunc(r.Matches, func(m netfilter.Match) bool {
		return m.Kind == netfilter.Source || m.Kind == netfilter.Destination || m.Kind == netfilter.InInterface
	})
}

// translated: kube-proxy gives NodePorts another destination before the hook input.
func translated(s *facts.Snapshot) bool {
	return recognise.ProxyMode(s) == "iptables" || recognise.ProxyMode(s) == "nftables"
}
