package html

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/reporters/plain"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// page is what the templates show; they decide nothing themselves.
type page struct {
	Title    string
	Policy   string
	Style    template.CSS
	Script   template.JS
	Data     template.JS
	Report   *report.Report
	Class    string // of the verdict
	Headline string
	FixTitle string
	Facts    []fact
	Counts   []count
	Troubles []string
	Causes   []cause
	Odd      []odd       // failing, and no cause explains it
	Loose    []checkView // failing, unknown or warning without a named cause, and not among those
	Map      mapView
	Checks   []checkView
	Nodes    nodesView
	Coverage []report.Coverage
}

type fact struct{ Name, Value string }

type count struct {
	Verdict string
	N       int
}

func build(r *report.Report) (*page, error) {
	data, err := scriptData(r)
	if err != nil {
		return nil, err
	}
	p := &page{
		Title:  plain.Cut(strings.ToUpper(string(r.Verdict))+": "+clusterName(r), 120),
		Policy: policy(),
		// Style, script and data are our own bytes; the data is JSON in which
		// every <, > and & is escaped, so that it cannot end its element.
		Style: template.CSS(style), Script: template.JS(script), Data: template.JS(data),
		Report: r, Class: class(r.Verdict), Headline: plain.Line(r.Sentence),
		Facts: identity(r), Counts: counts(r), Troubles: troubles(r),
		Map: newMapView(r), Nodes: newNodesView(r), Coverage: r.Coverage,
	}
	p.Causes = newCauses(r)
	for i, u := range r.Unexplained {
		p.Odd = append(p.Odd, newOdd(i+1, r, u))
	}
	for _, c := range ordered(r.Checks) {
		view := newCheckView(r, c)
		p.Checks = append(p.Checks, view)
		if len(c.Causes) == 0 && !isOdd(r, c.ID) && !c.Accepted && (c.Verdict == check.Fail || c.Verdict == check.Unknown || c.Verdict == check.Warn) {
			view.Trace = newTrace(r, r.TraceOf(c), view.ID)
			p.Loose = append(p.Loose, view)
		}
	}
	p.FixTitle = fixTitle(p)
	return p, nil
}

// fixTitle heads the part that says what to do; links call it "Fix first".
func fixTitle(p *page) string {
	switch {
	case len(p.Causes) > 0 || p.Class == "fail":
		return "Fix first"
	case len(p.Loose) == 0 && len(p.Odd) == 0:
		return "Nothing to fix"
	case p.Class == "pass":
		return "Worth fixing"
	default:
		return "Look here first"
	}
}

func class(v report.Verdict) string {
	switch v {
	case report.Conformant:
		return "pass"
	case report.NotConformant:
		return "fail"
	case report.CannotTell:
		return "unknown"
	default:
		return "unknown"
	}
}

func clusterName(r *report.Report) string {
	for _, name := range []string{r.Cluster.Context, r.Cluster.Server, r.Cluster.UID} {
		if name = plain.Line(name); name != "" {
			return name
		}
	}
	return "an unnamed cluster"
}

func counts(r *report.Report) []count {
	c := r.Counts
	out := []count{{"fail", c.Fail}, {"unknown", c.Unknown}, {"warn", c.Warn}, {"skip", c.Skip}, {"pass", c.Pass}}
	if c.Accepted > 0 {
		for _, k := range r.Checks {
			out[0].N -= oneIf(k.Accepted && k.Verdict == check.Fail)
			out[2].N -= oneIf(k.Accepted && k.Verdict == check.Warn)
		}
		out = append(out, count{"accepted", c.Accepted})
	}
	return out
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// identity is what identifies the cluster and the run.
func identity(r *report.Report) []fact {
	c := r.Cluster
	var families []string
	for _, f := range c.Families {
		families = append(families, strings.Replace(string(f), "ip", "IP", 1))
	}
	answered, asked := r.Pairs()
	network := words(c.CNI, prefixed("kube-proxy ", c.ProxyMode), strings.Join(families, " and "),
		prefixed("pods ", strings.Join(c.PodCIDRs, ", ")), prefixed("services ", strings.Join(c.Services, ", ")))
	out := []fact{
		{"Cluster", words(c.Context, c.Server, prefixed("Kubernetes ", c.Version), prefixed("id ", c.UID))},
		{"Coverage", fmt.Sprintf("%s of %s pairs answered, %s of %s nodes tested",
			figures.Grouped(answered), figures.Grouped(asked), figures.Grouped(r.Tested()), figures.Grouped(len(r.Nodes)))},
		{"Network", network},
		{"Run", words(r.Run.Started.UTC().Format("2 January 2006, 15:04:05 UTC"),
			"took "+took(r.Run.Millis),
			"plumbline "+r.Run.Suite, prefixed("run ", r.Run.ID))},
	}
	if parts := c.Parts(); len(parts) > 0 {
		out = append(out, fact{"Recognised", words(parts...)})
	}
	return out
}

func troubles(r *report.Report) []string {
	var out []string
	if r.Run.Incomplete != "" {
		out = append(out, "The run is incomplete: "+r.Run.Incomplete)
	}
	for _, e := range r.Run.Problems {
		out = append(out, e.What+": "+e.Says)
	}
	return out
}

func took(millis int) string {
	if minutes := millis / 60_000; minutes > 0 {
		return fmt.Sprintf("%d min %d s", minutes, millis/1000%60)
	}
	return fmt.Sprintf("%d.%d s", millis/1000, millis%1000/100)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func words(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p = plain.Line(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
