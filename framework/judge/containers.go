package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// intoContainers makes the steps for nodes that are containers ready to paste on the
// machine which runs them: such a node has no shell of its own to log in to (kind,
// "docker exec").
func intoContainers(s *facts.Snapshot, r *report.Report) {
	enter := map[string]string{}
	for _, n := range s.Nodes {
		if command, container, ok := n.Engine(); ok {
			enter[n.Name] = command + " exec " + container
		}
	}
	if len(enter) == 0 {
		return
	}
	for i := range r.Causes {
		r.Causes[i].Remedy = entering(enter, r.Causes[i].Remedy)
	}
	for i := range r.Checks {
		for j := range r.Checks[i].Findings {
			f := &r.Checks[i].Findings[j]
			f.Remedy = entering(enter, f.Remedy)
		}
	}
}

// plainCommand is one that a shell takes apart at spaces only.
var plainCommand = regexp.MustCompile(`^[A-Za-z0-9 ._/=:,@%+-]+$`)

// entering copies the steps: other results may hold the same ones.
func entering(enter map[string]string, steps []check.Remedy) []check.Remedy {
	out := slices.Clone(steps)
	for i, step := range out {
		into := enter[step.Node]
		switch {
		case into == "" || step.Command == "":
		case plainCommand.MatchString(step.Command):
			out[i].Command = into + " " + step.Command
		default:
			out[i].Command = fmt.Sprintf(`%s bash -c '%s'`, into, strings.ReplaceAll(step.Command, `'`, `'\''`))
		}
	}
	return out
}
