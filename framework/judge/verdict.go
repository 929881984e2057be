package judge

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// The exit statuses of a judged run. 2 is for a run that never began.
const (
	exitConformant    = 0
	exitNotConformant = 1
	exitCannotTell    = 3
)

// verdict concludes. A failure weighs more than not knowing: what was seen to be
// broken stays broken, whatever else could not be looked at.
func (c *trial) verdict(r *report.Report) {
	failed := c.weighing(r, check.Fail)
	if c.facts.Run.FailOn == failOnWarn {
		failed = append(failed, c.weighing(r, check.Warn)...)
	}
	if len(failed) > 0 {
		r.Verdict, r.ExitStatus = report.NotConformant, exitNotConformant
		r.Sentence = notFit(r, len(failed))
		return
	}
	if why := c.doubt(r); why != "" {
		r.Verdict, r.ExitStatus = report.CannotTell, exitCannotTell
		r.Sentence = "It cannot be told whether the network is fit for use: " + why + "."
		return
	}
	r.Verdict, r.ExitStatus = report.Conformant, exitConformant
	r.Sentence = c.fit(r)
}

func (c *trial) weighing(r *report.Report, v check.Verdict) []string {
	var ids []string
	for _, k := range r.Checks {
		if k.Verdict == v && !k.Accepted {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// doubt says why the run does not allow a verdict, or nothing.
func (c *trial) doubt(r *report.Report) string {
	if c.facts.Run.Incomplete != "" {
		return strings.TrimRight(c.facts.Run.Incomplete, ".")
	}
	if says := nowhere(r); says != "" {
		return says
	}
	var unknown []string
	for _, k := range r.Checks {
		if k.Verdict == check.Unknown && k.Level == check.Core && !k.Accepted {
			unknown = append(unknown, k.ID)
		}
	}
	if len(unknown) > 0 {
		return fmt.Sprintf("%s could not be judged (%s)", figures.Count(len(unknown), "core check"), some(unknown)) + found(r)
	}
	if r.Counts.Pass+r.Counts.Warn+r.Counts.Accepted == 0 {
		return "no check could be made"
	}
	return ""
}

// nowhere is the cause for which no node could be looked at, where there is one: it says
// more than the list of all that is not known for it.
func nowhere(r *report.Report) string {
	if r.Tested() > 0 || len(r.Causes) == 0 || r.Causes[0].Verdict != check.Unknown {
		return ""
	}
	return r.Causes[0].Says
}

func notFit(r *report.Report, failed int) string {
	return fmt.Sprintf("The network is not fit for use: %d of %s failed", failed, figures.Count(len(r.Checks), "check")) + found(r) + "."
}

// found counts the causes of what failed or cannot be told, and the failures that
// none of them explains.
func found(r *report.Report) string {
	causes := 0
	for _, c := range r.Causes {
		if c.Verdict == check.Fail || c.Verdict == check.Unknown {
			causes++
		}
	}
	says := ""
	if causes > 0 {
		says = ", " + figures.Count(causes, "cause") + " found"
	}
	if n := len(r.Unexplained); n > 0 {
		says += ", " + figures.Count(n, "failure") + " unexplained"
	}
	return says
}

// some names the first of a list: the verdict is one sentence, the report has them all.
func some(ids []string) string {
	const named = 4
	if len(ids) <= named {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:named-1], ", "), len(ids)-named+1)
}

func (c *trial) fit(r *report.Report) string {
	nodes := 0
	for _, n := range r.Nodes {
		if n.Status == tested {
			nodes++
		}
	}
	s := fmt.Sprintf("%s: %d of %s passed on %s", c.claim(), r.Counts.Pass, figures.Count(len(r.Checks), "check"), figures.Count(nodes, "node"))
	warnings := 0
	for _, k := range r.Checks {
		if k.Verdict == check.Warn && !k.Accepted {
			warnings++
		}
	}
	var rest []string
	for _, part := range []struct {
		n    int
		noun string
	}{
		{r.Counts.Accepted, "accepted exception"},
		{warnings, "warning"},
		{r.Counts.Unknown + r.Counts.Skip, "check that was not made"},
	} {
		if part.n > 0 {
			rest = append(rest, plural(part.n, part.noun))
		}
	}
	if len(rest) > 0 {
		s += ", with " + strings.Join(rest, " and ")
	}
	return s + "."
}

// claim is no wider than what was looked at: a part of the checks, or a run
// without the hosts, cannot say that the network as a whole is fit.
func (c *trial) claim() string {
	if c.facts.Run.Unprivileged || len(c.others) > 0 {
		return "What was checked is fit for use"
	}
	return "The network is fit for use"
}

func plural(n int, noun string) string {
	if n > 1 && strings.HasPrefix(noun, "check that was") {
		return fmt.Sprintf("%d checks that were not made", n)
	}
	return figures.Count(n, noun)
}
