package symptom

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Growth is one counter of a host at both looks.
type Growth struct {
	Node, Counter string
	Before, After int64
}

// Of reads a counter at both looks; ok is false where one of them has no value.
// A counter that became smaller was set back meanwhile (its interface was made
// anew, the host rebooted): what it holds now has all come since.
func Of(first, last *facts.HostLook, counter string) (g Growth, ok bool) {
	if first == nil || last == nil {
		return Growth{}, false
	}
	before, had := first.Counters[counter]
	after, has := last.Counters[counter]
	if !had || !has {
		return Growth{}, false
	}
	if after < before {
		before = 0
	}
	return Growth{Node: last.Node, Counter: counter, Before: before, After: after}, true
}

// By is how much it grew; it is not negative.
func (g Growth) By() int64 { return g.After - g.Before }

// String is "conntrack.drop 3 → 17".
func (g Growth) String() string { return fmt.Sprintf("%s %d → %d", g.Counter, g.Before, g.After) }

// Evidence is the counter with both of its values.
func (g Growth) Evidence() check.Evidence {
	return check.Evidence{
		Node: g.Node, Source: "counter " + g.Counter + " (first and last look)",
		Text: fmt.Sprintf("%d → %d", g.Before, g.After),
	}
}
