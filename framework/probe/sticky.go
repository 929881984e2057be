package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// stickyConnects is how many connects one and the same peer must answer: of two
	// peers picked at random, one alone answers ten with a chance of 2^-9.
	stickyConnects = 10
	// stickyFailures ends a series in which nothing is learnt any more.
	stickyFailures = 2
)

// stickTo connects again and again, one after the other, and expects one peer.
func stickTo(ctx context.Context, e *env, _ facts.Flow, t facts.Target, a *answer) {
	a.met, a.outcome, a.told = nil, facts.NotRun, true
	failed := 0
	for range stickyConnects {
		x := tryTCP(ctx, e, t)
		if x.Outcome != facts.OK {
			failed++
		}
		a.keepSeries([]facts.Attempt{x})
		if failed >= stickyFailures || ctx.Err() != nil {
			return
		}
	}
	a.settled = failed == 0
	if len(a.met) > 1 {
		a.settled, a.outcome = true, facts.Garbled
		last := slices.Clone(a.attempts[len(a.attempts)-1:])
		last[0].Outcome, last[0].Note = facts.Garbled, fmt.Sprintf("%d peers answered %d connects: %s", len(a.met), stickyConnects, strings.Join(a.met, ", "))
		a.attempts = append(a.attempts, last...)
	}
}
