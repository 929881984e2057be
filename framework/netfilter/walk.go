package netfilter

import (
	"errors"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Stop is a place where a packet ends.
type Stop struct {
	// Base is the base chain that was under way, Chain the one that holds the rule.
	Base, Chain *Chain
	// Rule is nil where it is the base chain's policy.
	Rule *Rule
}

// Trace is what becomes of a packet.
type Trace struct {
	// Certain is the first place that stops the packet whatever the unknowns are; nil where none does.
	Certain *Stop
	// Possible are places that may stop it, depending on what a dump does not hold.
	Possible []Stop
	// Straddled: the answer differs between the packet's addresses, so asking for fewer may tell more.
	Straddled bool
}

// ErrTangled means the chains call one another too often to be followed.
var ErrTangled = errors.New("chains call one another too deeply to be followed")

const (
	maxDepth = 64      // the kernel itself allows no more jumps than this order
	maxSteps = 500_000 // rules looked at for one packet
)

// Forward follows a packet through every base chain of the forward path, in
// the order in which the kernel calls them (nft(8), "ADDRESS FAMILIES"). Accept
// ends one base chain only, so the next is asked too.
func (r *Ruleset) Forward(p Packet) (Trace, error) {
	return r.follow(p, way{hooks: []string{"ingress", "prerouting", "forward", "postrouting", "egress"}, bridges: true})
}

// follow walks a packet through the base chains of a way.
func (r *Ruleset) follow(p Packet, along way) (Trace, error) {
	w := walk{chains: map[string]*Chain{}, way: along, state: state{Packet: p, markKnown: true}}
	for i := range r.Chains {
		c := &r.Chains[i]
		w.chains[c.key(c.Name)] = c
	}
	for _, base := range r.path(p, along) {
		w.base, w.doubt = base, false
		w.state.hook = base.Hook
		w.state.Packet = along.at(base, p)
		w.state.tracked = base.tracked()
		sure := base.sees(p) == Yes
		fate := w.chain(base, sure, 0)
		if fate == through && base.DropPolicy && !along.translations {
			w.stop(Stop{Base: base, Chain: base}, sure)
		}
		if w.failed != nil {
			return Trace{}, w.failed
		}
		if w.trace.Certain != nil {
			break
		}
	}
	w.trace.Straddled = w.state.straddled
	return w.trace, nil
}

// conntrackPriority is NF_IP_PRI_CONNTRACK: before it a packet has no state.
const conntrackPriority = -200

// path gives the base chains a packet passes on its way, in order.
func (r *Ruleset) path(p Packet, along way) []*Chain {
	var out []*Chain
	for i := range r.Chains {
		if c := &r.Chains[i]; along.asks(c) && c.sees(p) != No {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Chain) int {
		if d := a.rank() - b.rank(); d != 0 {
			return d
		}
		return a.Priority - b.Priority
	})
	return out
}

// sees says whether a base chain is asked about a packet of this family and these interfaces.
func (c *Chain) sees(p Packet) Truth {
	switch {
	case c.Family == "ip":
		return truth(p.Family == facts.IPv4)
	case c.Family == "ip6":
		return truth(p.Family == facts.IPv6)
	case c.Family == bridgeFamily && (c.Hook == "prerouting" || c.Hook == "input"):
		return truth(p.FromBridge)
	case c.Family == bridgeFamily:
		return truth(p.ToBridge)
	case c.Family != "inet" && c.Family != "netdev":
		return No // arp does not see what is routed
	case c.Hook == "ingress" && len(c.Devices) > 0:
		return named(p.In, c.Devices)
	case c.Hook == "egress" && len(c.Devices) > 0:
		return named(p.Out, c.Devices)
	case c.Hook == "ingress", c.Hook == "egress":
		return Maybe // the tool did not tell the device
	default:
		return Yes
	}
}

type fate uint8

const (
	through fate = iota
	accepted
	dropped
)

type walk struct {
	chains map[string]*Chain
	way    way
	state  state
	base   *Chain
	// doubt: an accept before may have taken the packet, so a later drop is not certain.
	doubt  bool
	steps  int
	failed error
	trace  Trace
}

func (w *walk) stop(s Stop, certain bool) {
	if certain && !w.doubt {
		w.trace.Certain = &s
		return
	}
	w.trace.Possible = append(w.trace.Possible, s)
}

// chain walks one chain. sure says whether the packet is certain to get here.
func (w *walk) chain(c *Chain, sure bool, depth int) fate {
	for i := range c.Rules {
		rule := &c.Rules[i]
		if w.steps++; w.steps > maxSteps || depth > maxDepth {
			w.failed = ErrTangled
		}
		if w.failed != nil {
			return through
		}
		matched := rule.matches(&w.state)
		if matched == No {
			continue
		}
		w.apply(rule.Mark, sure && matched == Yes)
		f, done := w.rule(c, rule, visit{certain: sure && matched == Yes, matched: matched, depth: depth})
		if done && matched == Yes {
			return f
		}
		// If this rule did end the chain, nothing below is certain any more.
		sure = sure && !done
	}
	return through
}

// visit is how a packet comes to a rule.
type visit struct {
	certain bool // it is certain to get here and to match
	matched Truth
	depth   int
}

// rule does what a matching rule says; done means the rest of its chain is not reached.
func (w *walk) rule(c *Chain, rule *Rule, v visit) (f fate, done bool) {
	certain := v.certain
	switch rule.Target.Kind {
	case Continue:
		return through, false
	case Accept:
		if w.rewrites(rule) {
			w.stop(Stop{Base: w.base, Chain: c, Rule: rule}, certain)
		}
		w.doubt = w.doubt || !certain
		return when(certain, accepted), true
	case Drop:
		if w.way.translations {
			return through, false
		}
		w.stop(Stop{Base: w.base, Chain: c, Rule: rule}, certain)
		// A packet that a Maybe let through is the one to follow further.
		return when(certain, dropped), v.matched == Yes
	case Return:
		return through, true
	case Queue:
		if w.way.translations {
			return through, false
		}
		w.stop(Stop{Base: w.base, Chain: c, Rule: rule}, false)
		w.doubt = true
		return when(certain, accepted), true
	case Jump, Goto:
		next := w.chains[c.key(rule.Target.Name)]
		if next == nil {
			w.doubt = true
			return through, false
		}
		f = w.chain(next, certain, v.depth+1)
		return f, f != through || rule.Target.Kind == Goto
	case Opaque:
		w.doubt = true
		return through, false
	default:
		w.doubt = true
		return through, false
	}
}

func when(certain bool, f fate) fate {
	if certain {
		return f
	}
	return through
}

func (r *Rule) matches(s *state) Truth {
	t := Yes
	for _, m := range r.Matches {
		switch m.holds(s) {
		case No:
			return No
		case Maybe:
			t = Maybe
		case Yes:
		}
	}
	return t
}

func (w *walk) apply(m *MarkChange, certain bool) {
	if m == nil {
		return
	}
	if !m.Known || !certain {
		w.state.markKnown = false
		return
	}
	w.state.mark = w.state.mark&^m.Mask ^ m.Value
}
