package run

import (
	"bytes"
	"fmt"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/judge"
)

// Resend judges what was observed so far and says which flows are worth sending
// again while the nodes on their way watch. It is nil where the options or the
// profile leave that out. It judges a copy: the snapshot stays as it is.
func (s *Session) Resend() func(*facts.Snapshot) []facts.Trace {
	if s.options.NoTrace || s.options.Selection.Profile == Smoke {
		return nil
	}
	return func(observed *facts.Snapshot) []facts.Trace {
		copied, err := reread(observed)
		if err != nil {
			return nil // saving the facts has met the same error, and tells it
		}
		s.complete(copied, observed.Run.Started, nil)
		return judge.Resend(copied, s.options.All)
	}
}

// reread gives a snapshot as it will be read again.
func reread(s *facts.Snapshot) (*facts.Snapshot, error) {
	data, err := facts.Encode(s)
	if err != nil {
		return nil, err
	}
	out, err := facts.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading the facts back: %w", err)
	}
	return out, nil
}
