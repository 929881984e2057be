package netfilter

import (
	"slices"
	"strings"
)

// way is which base chains a packet passes.
type way struct {
	hooks []string
	// untranslated: only what sees the packet before its destination is translated.
	untranslated bool
	// bridges: what goes in or out by a bridge meets the chains of that family.
	bridges bool
	// translations: what rewrites the source ends the walk, not what drops.
	translations bool
}

// translationPriority is NF_IP_PRI_NAT_DST (linux/netfilter_ipv4.h).
const translationPriority = -100

func (w way) asks(c *Chain) bool {
	switch {
	case c.Family == bridgeFamily:
		return w.bridges && slices.Contains([]string{"prerouting", "input", "output", "postrouting"}, c.Hook)
	case !slices.Contains(w.hooks, c.Hook):
		return false
	case w.untranslated && c.Hook == "prerouting" && c.Priority >= translationPriority:
		return false
	default:
		// iptables refuses DROP in nat, and kube-proxy's largest chains are there.
		return w.translations || c.Type != "nat" || c.Tool == nftTool
	}
}

// bridgeFamily is nft's family for frames that pass a bridge of the host.
const bridgeFamily = "bridge"

// rank is a base chain's place in the order in which a packet meets them: a frame
// comes up from its bridge before it is routed, and goes down to one after that.
func (c *Chain) rank() int {
	order := []string{"ingress", "bridge prerouting", "bridge input", "prerouting", "forward", "input", "output", "postrouting", "bridge output", "bridge postrouting", "egress"}
	if c.Family == bridgeFamily {
		return slices.Index(order, "bridge "+c.Hook)
	}
	return slices.Index(order, c.Hook)
}

// at is the packet as a base chain sees it: on a bridge its interfaces are ports, which are not known.
func (w way) at(c *Chain, p Packet) Packet {
	if c.Family == bridgeFamily {
		p.In, p.Out = nil, nil
	}
	return p
}

// tracked says whether conntrack has seen a packet before this base chain. On a
// bridge it has only where nf_conntrack_bridge is loaded.
func (c *Chain) tracked() bool {
	return c.Family != bridgeFamily && c.Hook != "ingress" && (c.Hook != "prerouting" || c.Priority > conntrackPriority)
}

// Input follows a packet that is for the host itself, to the end of the hook input.
func (r *Ruleset) Input(p Packet) (Trace, error) {
	return r.follow(p, way{hooks: []string{"ingress", "prerouting", "input"}})
}

// Output follows a packet that the host itself sends, until it leaves.
func (r *Ruleset) Output(p Packet) (Trace, error) {
	return r.follow(p, way{hooks: []string{"output", "postrouting", "egress"}})
}

// Meets says whether a packet may end at a stop, or is certain to, in a trace.
func (t Trace) Meets(is func(Stop) bool) (may, certain bool) {
	certain = t.Certain != nil && is(*t.Certain)
	return certain || slices.ContainsFunc(t.Possible, is), certain
}

// Arrival follows a packet only until its destination is translated: what asks
// for a NodePort never reaches the hook input where a translation serves it.
func (r *Ruleset) Arrival(p Packet) (Trace, error) {
	return r.follow(p, way{hooks: []string{"ingress", "prerouting"}, untranslated: true})
}

// Masqueraded follows a forwarded packet and gives the rules that would rewrite
// its source. What would drop it is passed over.
func (r *Ruleset) Masqueraded(p Packet) (Trace, error) {
	return r.follow(p, way{hooks: []string{"prerouting", "forward", "postrouting"}, translations: true})
}

// rewrites says whether a rule gives a packet another source address
// (iptables-extensions(8), nft(8)).
func (w *walk) rewrites(r *Rule) bool {
	return w.way.translations && w.base.Hook == "postrouting" && slices.Contains([]string{"MASQUERADE", "SNAT", "NETMAP", "masquerade", "snat"}, r.Target.Name)
}

// key tells chains of the same name apart; iptables' tables of both back ends too.
func (c *Chain) key(name string) string {
	return strings.Join([]string{c.Tool, c.Family, c.Table, name}, " ")
}
