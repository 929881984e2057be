package junit

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/plain"
)

// run is the suite about the run itself, so that the file is never empty, and
// never better than the exit status.
func (b builder) run(areas []testsuite) testsuite {
	s := b.suite("run")
	var preflight, later []facts.Error
	for _, p := range b.report.Run.Problems {
		if strings.HasPrefix(p.What, "preflight") {
			preflight = append(preflight, p)
		} else {
			later = append(later, p)
		}
	}
	s.add(runCase("run/preflight The run had the rights and images it needs", "preflight", says(preflight), ""), 0)
	empty := ""
	if len(b.report.Checks) == 0 {
		empty = "0 checks were judged: nothing was selected, or the run ended before"
	}
	s.add(runCase("run/selection At least one check was judged", "selection", empty, ""), 0)
	s.add(runCase("run/completed The run was completed", "incomplete", b.unfinished(s, areas), says(later)), 0)
	return s
}

// unfinished says why the run cannot count as completed; empty where it can.
func (b builder) unfinished(run testsuite, areas []testsuite) string {
	if b.report.Run.Incomplete != "" {
		return b.report.Run.Incomplete
	}
	bad := run.Errors
	for _, s := range areas {
		bad += s.Failures + s.Errors
	}
	if b.report.ExitStatus != 0 && bad == 0 {
		return b.report.Sentence
	}
	return ""
}

func runCase(name, kind, wrong, notes string) testcase {
	t := testcase{Classname: "plumbline.run", Name: name, Time: "0.000"}
	if wrong != "" {
		t.Error = &outcome{Message: message(wrong), Type: "plumbline." + kind, Body: plain.CutBytes(section(wrong), maxSystemOut, cutNote)}
	}
	if notes != "" {
		t.SystemOut = &cdata{plain.CutBytes(section(notes), maxSystemOut, cutNote)}
	}
	return t
}

func says(problems []facts.Error) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.What+": "+p.Says)
	}
	return strings.Join(lines, "\n")
}
