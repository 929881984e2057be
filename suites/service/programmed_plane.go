package service

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// plane is what kube-proxy has programmed on a node, in one family.
type plane struct {
	words  planeWords
	chains map[string]*netfilter.Chain
	// entries lead from "address/proto/port" and nodePorts from "proto/port" to a chain.
	entries, nodePorts map[string]string
	// servers are IPVS's real servers by "address/proto/port"; nil in the other modes.
	servers map[string]map[netip.AddrPort]bool
	// held are the addresses that the host takes for its own (IPVS), own those of the node.
	held map[netip.Addr]bool
	own  []netip.Addr
}

// planeWords are the names in which one mode of kube-proxy differs from another
// (kubernetes: pkg/proxy/iptables, pkg/proxy/nftables).
type planeWords struct {
	// hooks are the base chains that must lead to the chain services.
	hooks    []string
	services string
	// nodePorts is the chain or map of NodePorts, ips that of the Services' addresses.
	ips, nodePorts string
	// aside are chains that only mark.
	aside []string
	nft   bool
}

func iptablesWords() planeWords {
	return planeWords{
		hooks: []string{"PREROUTING", "OUTPUT"}, services: "KUBE-SERVICES", ips: "KUBE-SERVICES", nodePorts: "KUBE-NODEPORTS",
		aside: []string{"KUBE-MARK-MASQ", "KUBE-MARK-DROP"},
	}
}

func nftablesWords() planeWords {
	return planeWords{
		hooks: []string{"nat-prerouting", "nat-output"}, services: "services", ips: "service-ips", nodePorts: "service-nodeports",
		aside: []string{"mark-for-masquerade"}, nft: true,
	}
}

// planeAt reads a node's data plane; missing says why it is not known.
func (w *planeWalk) planeAt(look facts.Look, f facts.Family) (p plane, missing string) {
	s := w.snapshot
	h := s.Host(w.node.Name, look)
	switch {
	case h == nil:
		return p, fmt.Sprintf("there was no %s look at the host", look)
	case h.NotRun != "":
		return p, fmt.Sprintf("no %s look at the host: %s", look, h.NotRun)
	}
	switch modeOf(s, h) {
	case "iptables":
		return iptablesPlane(h, f)
	case "nftables":
		return nftablesPlane(h, f)
	case "ipvs":
		return w.ipvsPlane(h)
	default:
		return p, "with what kube-proxy programs Services is not known"
	}
}

// modeOf is what this node's kube-proxy says of itself; where it says nothing that is
// understood, what is configured for all.
func modeOf(s *facts.Snapshot, h *facts.HostLook) string {
	if h.ProxyMode != nil {
		if told := strings.TrimSpace(h.ProxyMode.Text); slices.Contains([]string{"iptables", "nftables", "ipvs"}, told) {
			return told
		}
	}
	return recognise.ProxyMode(s)
}

// iptablesPlane takes the back end that has kube-proxy's chains; where both have,
// the one with more of them (firewall/backends tells of the other).
func iptablesPlane(h *facts.HostLook, f facts.Family) (best plane, missing string) {
	words, stem, family := iptablesWords(), "iptables-", "ip"
	if f == facts.IPv6 {
		stem, family = "ip6tables-", "ip6"
	}
	best, seen := plane{words: words}, false
	for _, d := range h.Firewall {
		if !strings.HasPrefix(d.Tool, stem) {
			continue
		}
		rules, why := load(d)
		if why != "" {
			missing = why
			continue
		}
		seen = true
		p := planeOf(words, rules, family, "nat")
		if p.chains[words.services] != nil && len(p.chains) > len(best.chains) || best.chains == nil {
			best = p
		}
	}
	switch {
	case best.chains[words.services] != nil:
		return best, ""
	case missing == "" && !seen:
		missing = fmt.Sprintf("the %s look has no output of %snft-save", h.Look, stem)
	}
	return best, missing
}

func nftablesPlane(h *facts.HostLook, f facts.Family) (p plane, missing string) {
	family := "ip"
	if f == facts.IPv6 {
		family = "ip6"
	}
	for _, d := range h.Firewall {
		if d.Tool == "nft" {
			rules, why := load(d)
			return planeOf(nftablesWords(), rules, family, "kube-proxy"), why
		}
	}
	return p, fmt.Sprintf("the %s look has no output of nft", h.Look)
}

func load(d facts.Dump) (netfilter.Ruleset, string) {
	if d.NotRun != "" {
		return netfilter.Ruleset{}, d.Tool + ": " + d.NotRun
	}
	rules, errs := netfilter.Load([]facts.Dump{d})
	if len(errs) > 0 {
		return rules, errs[0].Says
	}
	return rules, ""
}

func planeOf(words planeWords, rules netfilter.Ruleset, family, table string) plane {
	p := plane{words: words, chains: map[string]*netfilter.Chain{}, entries: map[string]string{}, nodePorts: map[string]string{}}
	for i := range rules.Chains {
		if c := &rules.Chains[i]; c.Family == family && c.Table == table {
			p.chains[c.Name] = c
		}
	}
	for _, m := range rules.Maps {
		if m.Family == family && m.Table == table {
			p.takeMap(m)
		}
	}
	if !words.nft {
		p.takeRules()
	}
	return p
}

func (p *plane) takeMap(m netfilter.Map) {
	for _, e := range m.Elems {
		switch {
		case m.Name == p.words.ips && len(e.Key) == 3:
			p.entries[strings.Join(e.Key, "/")] = e.Target.Name
		case m.Name == p.words.nodePorts && len(e.Key) == 2:
			p.nodePorts[strings.Join(e.Key, "/")] = e.Target.Name
		}
	}
}

// takeRules reads the entrances from the rules' conditions.
func (p *plane) takeRules() {
	for _, name := range []string{p.words.services, p.words.nodePorts} {
		c := p.chains[name]
		if c == nil {
			continue
		}
		for _, r := range c.Rules {
			if r.Target.Kind != netfilter.Jump && r.Target.Kind != netfilter.Goto || slices.Contains(p.words.aside, r.Target.Name) {
				continue
			}
			addr, proto, port := conditions(r)
			key := proto + "/" + port
			switch {
			case port == "":
			case addr.IsValid() && addr.IsSingleIP():
				p.entries[addr.Addr().String()+"/"+key] = r.Target.Name
			case name == p.words.nodePorts && !addr.IsValid():
				p.nodePorts[key] = r.Target.Name
			}
		}
	}
}

// conditions are the address, protocol and port that a rule asks for, as far as each is one.
func conditions(r netfilter.Rule) (addr netip.Prefix, proto, port string) {
	for _, m := range r.Matches {
		switch {
		case m.Not:
		case m.Kind == netfilter.Destination && len(m.Prefixes) == 1:
			addr = m.Prefixes[0]
		case m.Kind == netfilter.Protocol && len(m.Words) == 1:
			proto = m.Words[0]
		case m.Kind == netfilter.DestPort && len(m.Ports) == 1 && m.Ports[0].From == m.Ports[0].To:
			port = fmt.Sprint(m.Ports[0].From)
		}
	}
	return addr, proto, port
}

func sortedPlaces(set map[netip.AddrPort]bool) []netip.AddrPort {
	return slices.SortedFunc(maps.Keys(set), netip.AddrPort.Compare)
}
