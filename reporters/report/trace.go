package report

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/path"
)

// TraceNote is what was seen of a flow that was sent again.
type TraceNote struct {
	// ID is that of the trace in Report.Traces; it stands in the names of the captures.
	ID string `json:"id"`
	// Outcome is how it ended, one of path.Outcome; empty where it cannot be told.
	Outcome path.Outcome `json:"outcome,omitempty"`
	// Says is one sentence: the last place where packets were seen, the first where they
	// were not, and what moved between them.
	Says string `json:"says"`
	// Place is where they vanished ("receiver-host at n3"); empty where nothing did.
	Place string `json:"place,omitempty"`
	// Drawing is the way as text, at most 100 columns wide.
	Drawing string `json:"drawing"`
	// Files are the captures (pcapng) beside the report.
	Files []string `json:"files,omitempty"`
	// NotAsked says where, and why, the kernel or its counters could not be asked.
	NotAsked []string `json:"notAsked,omitempty"`
}

// ForUnexplained begins Trace.For where a flow was sent again for a finding that no
// cause explains; the check's id and the finding's subject follow.
const ForUnexplained = "unexplained/"

// Trace is a flow that was sent again, with its whole way.
type Trace struct {
	// For is the key of the cause it was sent for, or begins with ForUnexplained.
	For  string    `json:"for,omitempty"`
	Note TraceNote `json:"note"`
	// Path is the way hop by hop, in both directions.
	Path path.Path `json:"path"`
}

// TraceOf gives what was seen of the flow that was sent again for a check whose
// finding nothing explains; nil where none was.
func (r *Report) TraceOf(c Check) *TraceNote {
	for i := range r.Traces {
		if strings.HasPrefix(r.Traces[i].For, ForUnexplained+c.ID+"/") {
			return &r.Traces[i].Note
		}
	}
	return nil
}

// TraceOfUnexplained gives what was seen of the flow that was sent again for what no
// cause explains; nil where none was.
func (r *Report) TraceOfUnexplained(u Unexplained) *TraceNote {
	if u.Trace != "" {
		return r.noteOf(u.Trace)
	}
	for _, id := range u.Checks {
		if note := r.TraceOf(Check{ID: id}); note != nil {
			return note
		}
	}
	return nil
}

func (r *Report) noteOf(id string) *TraceNote {
	for i := range r.Traces {
		if r.Traces[i].Note.ID == id {
			return &r.Traces[i].Note
		}
	}
	return nil
}

// PathOf gives the way of a trace by its id; nil where there is none.
func (r *Report) PathOf(id string) *path.Path {
	for i := range r.Traces {
		if r.Traces[i].Note.ID == id {
			return &r.Traces[i].Path
		}
	}
	return nil
}
