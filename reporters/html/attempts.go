package html

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// dataDetail is what was tried for one cell, in the words of the panel.
type dataDetail struct {
	Cell int `json:"cell"` // row × columns + column
	// Attempts are the result and what was told with it, each.
	Attempts [][2]string `json:"attempts"`
	// Left is how many attempts are not listed, and After is where they were.
	Left  int    `json:"left,omitempty"`
	After int    `json:"after,omitempty"`
	Met   string `json:"met,omitempty"`
	// PathMTU is in bytes.
	PathMTU int `json:"pathMTU,omitempty"`
}

func detailsData(m report.Matrix) []dataDetail {
	var out []dataDetail
	for i, row := range m.Rows {
		for _, d := range row.Details {
			v := dataDetail{
				Cell: i*len(m.Columns) + d.Target, Attempts: [][2]string{},
				Left: d.Left, Met: plain.Line(strings.Join(d.Met, ", ")), PathMTU: d.PathMTU,
			}
			if d.Left > 0 {
				v.After = len(d.Attempts) / 2
			}
			for _, a := range d.Attempts {
				v.Attempts = append(v.Attempts, [2]string{result(a), told(a)})
			}
			out = append(out, v)
		}
	}
	return out
}

// outcomeWords are the words of the legend; timeouts and answers have their time.
func outcomeWords(o facts.Outcome) string {
	switch o {
	case facts.OK:
		return "answered"
	case facts.Refused:
		return letterOf('R').Says
	case facts.Timeout:
		return letterOf('T').Says
	case facts.Unreachable:
		return letterOf('U').Says
	case facts.Reset:
		return letterOf('X').Says
	case facts.TooBig:
		return letterOf('B').Says
	case facts.Garbled:
		return letterOf('G').Says
	case facts.NotRun:
		return letterOf('?').Says
	}
	return o.String()
}

// result is how an attempt ended and when: "timed out after 2.5 s".
func result(a report.Attempt) string {
	if a.Micros <= 0 {
		return outcomeWords(a.Outcome)
	}
	return outcomeWords(a.Outcome) + " after " + span(a.Micros)
}

// reason is who said why an attempt failed; empty where nobody did.
func reason(a report.Attempt) string {
	if a.ICMP != "" {
		return plain.Line(a.ICMP)
	}
	return words(a.Errno, a.Note)
}

// told is everything else that is known of an attempt.
func told(a report.Attempt) string {
	said := reason(a)
	if a.ICMP != "" {
		said = words(a.ICMP, a.Note)
	}
	seen := a.Seen
	if seen == a.Local {
		seen = ""
	}
	size := ""
	if a.Size > 0 {
		size = figures.Count(a.Size, "byte")
	}
	return words(said, prefixed("sent from ", a.Local), prefixed("seen as ", seen), prefixed("met ", a.Peer), size)
}

// happened is a cell in words: those of the last attempt that ended as the letter
// says, and how many there were. "timed out after 2.5 s, 3 attempts".
func happened(l letter, d *report.Detail) string {
	if d == nil || len(d.Attempts) == 0 {
		return l.Says
	}
	count := ", " + figures.Count(len(d.Attempts)+d.Left, "attempt")
	var alike []report.Attempt
	for _, a := range d.Attempts {
		if outcomeWords(a.Outcome) == l.Says {
			alike = append(alike, a)
		}
	}
	last := d.Attempts[len(d.Attempts)-1]
	switch {
	case len(alike) == len(d.Attempts):
		return ended(alike[len(alike)-1]) + count
	case len(alike) > 0 && d.Left == 0:
		return fmt.Sprintf("%s, %d of %d attempts", ended(alike[len(alike)-1]), len(alike), len(d.Attempts))
	case len(alike) > 0:
		return ended(alike[len(alike)-1]) + ", not all of " + figures.Count(len(d.Attempts)+d.Left, "attempt")
	case l.Wrong && d.PathMTU > 0:
		return l.Says + ": up to " + figures.Count(d.PathMTU, "byte") + " arrive" + count
	case l.Wrong && len(d.Met) > 0:
		return l.Says + ": met only " + plain.Line(strings.Join(d.Met, ", ")) + count
	case l.Wrong:
		return l.Says + "; at last " + ended(last) + count
	default:
		return l.Says + "; another attempt: " + ended(lost(d)) + count
	}
}

// lost is the attempt that tells most of a cell that is right at last: one that
// someone rejected, otherwise the first that was not answered.
func lost(d *report.Detail) report.Attempt {
	for _, why := range []func(report.Attempt) bool{
		func(a report.Attempt) bool { return a.ICMP != "" },
		func(a report.Attempt) bool { return a.Outcome != facts.OK },
	} {
		if i := slices.IndexFunc(d.Attempts, why); i >= 0 {
			return d.Attempts[i]
		}
	}
	return d.Attempts[0]
}

// rejected says whether an attempt was told by ICMP who rejects it.
func rejected(d *report.Detail) bool {
	return d != nil && slices.ContainsFunc(d.Attempts, func(a report.Attempt) bool { return a.ICMP != "" })
}

// ended has the reason where there is one, and otherwise the time.
func ended(a report.Attempt) string {
	if why := reason(a); why != "" {
		return outcomeWords(a.Outcome) + ": " + why
	}
	return result(a)
}

// span is a time of so many microseconds, in two or three figures.
func span(micros int) string {
	switch {
	case micros < 1000:
		return fmt.Sprintf("%d µs", micros)
	case micros < 10_000:
		return fmt.Sprintf("%.1f ms", float64(micros)/1000)
	case micros < 1_000_000:
		return fmt.Sprintf("%d ms", micros/1000)
	default:
		return fmt.Sprintf("%.1f s", float64(micros)/1e6)
	}
}
