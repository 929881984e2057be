package report

import (
	"errors"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Letters are those a Row's Words may hold.
const Letters = ".~RTUXBG?np"

// Validate gives all contradictions at once, each with its place; nil where
// there is none.
func (r *Report) Validate() error {
	if r.APIVersion != APIVersion || r.Kind != Kind {
		return fmt.Errorf("apiVersion, kind: %q, %q; this release reads %q, %q", r.APIVersion, r.Kind, APIVersion, Kind)
	}
	var p problems
	switch r.Verdict {
	case Conformant, NotConformant, CannotTell:
	default:
		p.add("verdict", "%q is not a verdict", r.Verdict)
	}
	ids, keys := map[string]bool{}, map[string]bool{}
	for i, c := range r.Causes {
		if keys[c.Key] {
			p.add(fmt.Sprintf("causes[%d].key", i), "%q stands twice", c.Key)
		}
		keys[c.Key] = true
		p.cause(fmt.Sprintf("causes[%d]", i), c)
	}
	for i, c := range r.Checks {
		at := fmt.Sprintf("checks[%d]", i)
		if ids[c.ID] {
			p.add(at+".id", "%q stands twice", c.ID)
		}
		ids[c.ID] = true
		for j, key := range c.Causes {
			if !keys[key] {
				p.add(fmt.Sprintf("%s.causes[%d]", at, j), "%q is not the key of a cause", key)
			}
		}
	}
	p.unexplained(r, ids)
	for i, m := range r.Matrices {
		p.matrix(fmt.Sprintf("matrices[%d]", i), m)
	}
	return errors.Join(p...)
}

type problems []error

func (p *problems) add(at, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (p *problems) cause(at string, c Cause) {
	switch c.Certainty {
	case "", Proved, Configured, Fits, FitsPartly:
	default:
		p.add(at+".certainty", "%q is not a certainty", c.Certainty)
	}
	switch c.Verdict {
	case check.Fail, check.Unknown, check.Warn:
	case check.Pass, check.Skip:
		p.add(at+".verdict", "%q wants no cause", c.Verdict)
	}
	for i, step := range c.Remedy {
		switch step.Purpose {
		case check.Find, check.Repair, check.Last, check.Verify:
		default:
			p.add(fmt.Sprintf("%s.remedy[%d].purpose", at, i), "%q is not the purpose of a step", step.Purpose)
		}
	}
}

func (p *problems) unexplained(r *Report, checks map[string]bool) {
	for i, u := range r.Unexplained {
		at := fmt.Sprintf("unexplained[%d]", i)
		if len(u.Checks) == 0 {
			p.add(at+".checks", "none found it")
		}
		for j, id := range u.Checks {
			if !checks[id] {
				p.add(fmt.Sprintf("%s.checks[%d]", at, j), "%q is not the id of a check", id)
			}
		}
		if u.Trace != "" && r.noteOf(u.Trace) == nil {
			p.add(at+".trace", "%q is not the id of a trace", u.Trace)
		}
	}
}

func (p *problems) matrix(at string, m Matrix) {
	for i, row := range m.Rows {
		at := fmt.Sprintf("%s.rows[%d]", at, i)
		if row.NotRun == "" && len(row.Words) != len(m.Columns) {
			p.add(at+".words", "%d letters for %d columns", len(row.Words), len(m.Columns))
		}
		if row.NotRun != "" && row.Words != "" {
			p.add(at, "words, and notRun says there are none (%s)", row.NotRun)
		}
		if j := strings.IndexFunc(row.Words, func(l rune) bool { return !strings.ContainsRune(Letters, l) }); j >= 0 {
			p.add(at+".words", "%q is not one of the letters %s", row.Words[j], Letters)
		}
		if len(row.Micros) != 0 && len(row.Micros) != len(m.Columns) {
			p.add(at+".micros", "%d round trips for %d columns", len(row.Micros), len(m.Columns))
		}
		p.details(at, row, len(m.Columns))
	}
}

func (p *problems) details(at string, row Row, columns int) {
	if row.NotRun != "" && len(row.Details) > 0 {
		p.add(at, "details, and notRun says there are none (%s)", row.NotRun)
	}
	last := -1
	for i, d := range row.Details {
		if d.Target <= last || d.Target >= columns {
			p.add(fmt.Sprintf("%s.details[%d].target", at, i), "%d is not one of %d columns, in order", d.Target, columns)
		}
		last = d.Target
	}
}
