// Package run is a run of the suite: it finds out which checks are selected,
// lets them be observed, and judges them as Ginkgo specs. It is the only room
// that knows Ginkgo.
package run

import (
	"context"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Source is where a snapshot comes from: a live cluster, or a file.
type Source interface {
	// Scope tells what kind of cluster it is, before anything is probed.
	Scope(ctx context.Context) (check.Scope, error)
	// Collect observes what the selected checks need. A snapshot is returned also
	// with an error: what was seen until then.
	Collect(ctx context.Context, selected []check.Check, progress Progress) (*facts.Snapshot, error)
}

// Progress hears what a run is doing while it does it. Methods may be called
// from several goroutines.
type Progress interface {
	// Phase begins a part of the run: "first look at 3 hosts".
	Phase(name string)
	// Note is one line about something that went wrong or takes long.
	Note(text string)
	// Done tells of a finished check.
	Done(c check.Check, r check.Result)
}
