package path

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// whole is the verdict where nothing went wrong, or where nothing shows it.
func (b *builder) whole(p *Path) Verdict {
	unseen := unwatched(p)
	failed := slices.IndexFunc(b.t.Attempts, func(a facts.Attempt) bool { return a.Outcome != b.t.Flow.Via.Right() })
	switch {
	case len(unseen) > 0:
		v := Verdict{Says: "What was watched was seen; the rest is not known: " + strings.Join(unseen, "; ")}
		v.Because = b.configured()
		v.Says += because(v.Because)
		return v
	case b.satisfied() && (!reachedEnd(p.Request) || !reachedEnd(p.Answer)):
		return Verdict{Says: "The sender got its answer, but the capture does not show the whole way"}
	case !reachedEnd(p.Request) || !reachedEnd(p.Answer):
		return Verdict{Says: "The way could not be followed to its end"}
	case failed >= 0:
		return Verdict{Says: fmt.Sprintf("Every hop was seen, both ways; yet the sender says %s", outcomeText(b.t.Attempts[failed]))}
	}
	return b.cameThrough(p)
}

// cameThrough is the verdict of a whole way. A tunnel's wrong end stands in it:
// other networks and other firewalls do not let such packets pass.
func (b *builder) cameThrough(p *Path) Verdict {
	v := Verdict{Outcome: Whole, Says: "Every hop was seen, both ways"}
	if b.t.For != "" {
		v.Says = "Sent again, it came through: every hop was seen, both ways"
	}
	reasons, blamed := b.outer(p)
	if blamed.Stage == "" {
		return v
	}
	v.Because, v.Blames = reasons, blamed
	v.Says += "; yet " + reasons[0].Text
	return v
}

func outcomeText(a facts.Attempt) string {
	text := a.Outcome.String()
	if a.Errno != "" {
		text += " (" + a.Errno + ")"
	}
	if a.Note != "" {
		text += ": " + a.Note
	}
	return text
}

// unwatched are the nodes that nobody watched, with the reason, each once.
func unwatched(p *Path) []string {
	var out []string
	for _, h := range slices.Concat(p.Request.Hops, p.Answer.Hops) {
		text := fmt.Sprintf("%s: %s", outsideOr(h.Node), h.Why)
		if h.State == NotWatched && !h.virtual() && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func (b *builder) dns() bool {
	switch b.t.Flow.Via {
	case facts.DNSUDP, facts.DNSTCP, facts.Record, facts.Race, facts.Big:
		return true
	default:
		return b.target.Port() == 53
	}
}
