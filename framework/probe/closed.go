package probe

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// tryClosed connects to a port on which nothing listens: Refused is the right
// answer, and OK says that something on the way answered in the far end's name.
func tryClosed(ctx context.Context, e *env, t facts.Target) facts.Attempt {
	w := e.start()
	s, err := dial(ctx, addrPort(t), unix.SOCK_STREAM, 0, e.connect)
	if s != nil {
		defer s.close()
	}
	if err != nil {
		return w.failed(ctx, s, err)
	}
	w.lap()
	w.Outcome, w.Local = facts.OK, s.local()
	return w.Attempt
}
