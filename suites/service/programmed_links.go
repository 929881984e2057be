package service

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/netfilter"
)

// entrance says what is missing before any Service is asked for.
func (p plane) entrance(wanted []want) []gap {
	w := p.words
	if p.servers != nil {
		return nil
	}
	if p.chains[w.services] == nil {
		return []gap{{text: fmt.Sprintf("there is no chain %s: kube-proxy has programmed nothing", w.services), addr: w.services}}
	}
	var out []gap
	for _, hook := range w.hooks {
		if !slices.Contains(p.next(hook), w.services) {
			out = append(out, gap{text: fmt.Sprintf("chain %s does not lead to %s, so no Service is found by what comes that way", hook, w.services), addr: w.services})
		}
	}
	hasNodePorts := slices.ContainsFunc(wanted, func(o want) bool { return o.nodePort != 0 && len(o.outer) > 0 })
	if hasNodePorts && !slices.Contains(p.next(w.services), w.nodePorts) {
		out = append(out, gap{text: fmt.Sprintf("%s does not lead to %s, so no NodePort is found", w.services, w.nodePorts), addr: w.nodePorts})
	}
	if w.nft && !slices.Contains(p.next(w.services), w.ips) {
		out = append(out, gap{text: fmt.Sprintf("chain %s does not ask the map %s, so no Service is found", w.services, w.ips), addr: w.ips})
	}
	return out
}

// next are the chains and maps that a chain leads to.
func (p plane) next(chain string) []string {
	c := p.chains[chain]
	if c == nil {
		return nil
	}
	var out []string
	for _, r := range c.Rules {
		for _, t := range append([]netfilter.Target{r.Target}, r.Verdicts...) {
			if (t.Kind == netfilter.Jump || t.Kind == netfilter.Goto) && !slices.Contains(p.words.aside, t.Name) {
				out = append(out, t.Name)
			}
		}
		if r.MapName != "" {
			out = append(out, r.MapName)
		}
	}
	return out
}

// follow goes from the ClusterIP, and from the NodePort, to the endpoints.
func (p plane) follow(w want) []gap {
	if p.servers != nil {
		return p.followIPVS(w)
	}
	if p.chains[p.words.services] == nil {
		return nil // said once, by entrance
	}
	var out []gap
	if len(w.inner) > 0 {
		key := fmt.Sprintf("%s/%s/%d", w.addr, w.proto, w.port)
		out = append(out, p.lead(w, link{p.words.ips, key, w.title(), w.addr.String()}, p.entries, w.inner)...)
	}
	if len(w.outer) > 0 {
		key := fmt.Sprintf("%s/%d", w.proto, w.nodePort)
		out = append(out, p.lead(w, link{p.words.nodePorts, key, w.nodePortTitle(), fmt.Sprint(w.nodePort)}, p.nodePorts, w.outer)...)
	}
	return out
}

// link is where the way to a Service begins.
type link struct{ from, key, title, look string }

func (p plane) lead(w want, l link, entries map[string]string, need []facts.Endpoint) []gap {
	chain := entries[l.key]
	if chain == "" {
		what := "rule"
		if p.words.nft {
			what = "element"
		}
		return []gap{{text: fmt.Sprintf("%s has no %s for %s", l.from, what, l.title), addr: l.look}}
	}
	have, broken := p.places(p.last(chain))
	if broken != "" {
		return []gap{{text: fmt.Sprintf("%s → %s, but %s: %s", l.from, chain, broken, l.title), addr: chain}}
	}
	return w.compare(l.title, have, need)
}

// last follows chains that only sort traffic from outside (KUBE-EXT-…, external-…):
// their last rule is for everybody, those before it for pods and for the node itself.
func (p plane) last(chain string) string {
	for range len(p.chains) {
		next := p.next(chain)
		if len(next) == 0 || !outer(chain) {
			return chain
		}
		chain = next[len(next)-1]
	}
	return chain
}

func outer(chain string) bool { return hasAnyPrefix(chain, "KUBE-EXT-", "external-") }

// places are where the packets of a chain may go in the end; broken names the
// first link that leads nowhere.
func (p plane) places(chain string) (have map[netip.AddrPort]bool, broken string) {
	have = map[netip.AddrPort]bool{}
	todo, seen := []string{chain}, map[string]bool{}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		c := p.chains[name]
		switch {
		case seen[name]:
			continue
		case c == nil:
			return nil, "there is no chain " + name
		case len(c.Rules) == 0:
			return nil, "chain " + name + " is empty"
		}
		seen[name] = true
		next, found := p.next(name), false
		for _, r := range c.Rules {
			for _, to := range r.To {
				have[to], found = true, true
			}
		}
		if len(next) == 0 && !found {
			return nil, "chain " + name + " translates to no address"
		}
		todo = append(todo, next...)
	}
	return have, ""
}
