package pattern

import (
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// limits are what the red cells are, where everything beside them of the same ends
// was observed and is right: "UDP only", "large packets only".
func (r red) limits() []string {
	var out []string
	for _, limit := range []func() string{r.sizes, r.transports, r.families, r.vantages, r.services, r.external} {
		if says := limit(); says != "" {
			out = append(out, says)
		}
	}
	return out
}

// besides are further sentences.
func (r red) besides() []string {
	var out []string
	for _, beside := range []func() string{r.backend, r.replicas, r.hosts} {
		if says := beside(); says != "" {
			out = append(out, says)
		}
	}
	return out
}

// allRight says whether for every red cell the other one was observed and is right.
func (r red) allRight(other func(c cell) (f facts.Flow, from, to string)) bool {
	for _, c := range r.cells {
		f, from, to := other(c)
		if right, ok := r.board.at(f, from, to); !ok || !right {
			return false
		}
	}
	return true
}

// via replaces the way of probing; the ends are the same.
func via(v facts.Via) func(c cell) (facts.Flow, string, string) {
	return func(c cell) (facts.Flow, string, string) {
		f := c.flow()
		f.Via = v
		return f, c.from().String(), c.to().ID
	}
}

func (r red) vias() []facts.Via {
	var out []facts.Via
	for _, g := range r.grids {
		if !slices.Contains(out, g.m.Flow.Via) {
			out = append(out, g.m.Flow.Via)
		}
	}
	slices.Sort(out)
	return out
}

// sizes: only large packets are lost.
func (r red) sizes() string {
	large := []facts.Via{facts.PMTU, facts.Over, facts.Bulk, facts.Big}
	if slices.ContainsFunc(r.vias(), func(v facts.Via) bool { return !slices.Contains(large, v) }) {
		return ""
	}
	for _, small := range []facts.Via{facts.TCP, facts.UDP, facts.DNSUDP} {
		if r.allRight(via(small)) {
			return "large packets only"
		}
	}
	return ""
}

// siblings are ways of probing that meet the same place with another transport.
func siblings(v facts.Via) []facts.Via {
	switch v {
	case facts.TCP, facts.UDP, facts.ICMP:
		return []facts.Via{facts.TCP, facts.UDP, facts.ICMP}
	case facts.DNSUDP, facts.DNSTCP:
		return []facts.Via{facts.DNSUDP, facts.DNSTCP}
	case facts.TLS, facts.Closed, facts.PMTU, facts.Over, facts.Series, facts.HTTP, facts.Bulk, facts.Sticky,
		facts.Record, facts.Race, facts.Big, facts.Connect, facts.Tunnel, facts.ARP:
	}
	return nil
}

var viaWords = [...]struct {
	via  facts.Via
	word string
}{{facts.TCP, "TCP"}, {facts.UDP, "UDP"}, {facts.ICMP, "ICMP"}, {facts.DNSUDP, "DNS over UDP"}, {facts.DNSTCP, "DNS over TCP"}}

// transports: of the transports that were tried between the same ends, only these.
func (r red) transports() string {
	mine := r.vias()
	family := siblings(mine[0])
	if len(family) == 0 || slices.ContainsFunc(mine, func(v facts.Via) bool { return !slices.Contains(family, v) }) {
		return ""
	}
	others := 0
	for _, v := range family {
		if slices.Contains(mine, v) || !r.tried(v) {
			continue
		}
		if !r.allRight(via(v)) {
			return ""
		}
		others++
	}
	if others == 0 {
		return ""
	}
	var words []string
	for _, w := range viaWords {
		if slices.Contains(mine, w.via) {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " and ") + " only"
}

// tried says whether a way was asked at all between ends like those of the red cells.
func (r red) tried(v facts.Via) bool {
	for _, g := range r.grids {
		f := g.m.Flow
		f.Via = v
		if other := r.board.grid(f); other != nil && len(other.m.Rows) > 0 {
			return true
		}
	}
	return false
}

// families: the other family is right between the same ends.
func (r red) families() string {
	mine := r.grids[0].m.Flow.Family
	if slices.ContainsFunc(r.grids, func(g *grid) bool { return g.m.Flow.Family != mine }) {
		return ""
	}
	other, word := facts.IPv6, "IPv4 only"
	if mine == facts.IPv6 {
		other, word = facts.IPv4, "IPv6 only"
	}
	if r.allRight(func(c cell) (facts.Flow, string, string) {
		f := c.flow()
		f.Family = other
		return f, c.from().String(), c.to().ID
	}) {
		return word
	}
	return ""
}

// vantages: the same targets are right from the other kind of place on these nodes.
func (r red) vantages() string {
	kind := r.cells[0].from().Kind
	if slices.ContainsFunc(r.cells, func(c cell) bool { return c.from().Kind != kind }) {
		return ""
	}
	other, word := facts.FromHost, "from pods only"
	switch kind {
	case facts.FromPod:
	case facts.FromHost:
		other, word = facts.FromPod, "from hosts only"
	case facts.FromRunner, facts.FromRuntime:
		return ""
	}
	if r.allRight(func(c cell) (facts.Flow, string, string) {
		f := c.flow()
		f.From = other
		return f, string(other) + "/" + c.from().Node, c.to().ID
	}) {
		return word
	}
	return ""
}

// services: through the Service they fail, and the pods behind it answer directly.
func (r red) services() string {
	for _, c := range r.cells {
		f := c.flow()
		if !f.ThroughService() || c.from().Node == "" || len(c.to().Peers) == 0 {
			return ""
		}
		f.To = facts.ToPod
		for _, peer := range c.to().Peers {
			if right, ok := r.board.at(f, c.from().String(), peer); !ok || !right {
				return ""
			}
		}
	}
	return "through the Service only"
}

// external: names of the cluster are answered where names outside are not.
func (r red) external() string {
	if slices.ContainsFunc(r.cells, func(c cell) bool { return c.flow().To != facts.ToDNSExternal }) {
		return ""
	}
	for _, c := range r.cells {
		f := c.flow()
		f.To, f.Via = facts.ToDNSService, facts.DNSUDP
		g := r.board.grid(f)
		if g == nil {
			return ""
		}
		row, known := g.rows[c.from().String()]
		if !known || len(g.m.Targets) == 0 || !g.observed(row, 0) || !g.right(row, 0) {
			return ""
		}
	}
	return "external names only"
}
