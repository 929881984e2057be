package probe

import (
	"context"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tryClosed connects to a port on which nothing listens: Refused is the right
// answer, and OK says that something on the way answered in the far end's name.
func tryClosed(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	return e.connected(ctx, t, func(w *watch, _ *socket) facts.Attempt {
		w.Outcome = facts.OK
		return w.Attempt
	})
}
