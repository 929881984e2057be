package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// races are the series of all ways to the cluster DNS.
type races struct{ all []race }

// race is the series from one place to one server.
type race struct {
	flow   facts.Flow
	from   facts.Vantage
	to     facts.Target
	series facts.SeriesCell
	// half: in a lost pair one of the two questions was answered.
	half bool
}

func racesOf(s *facts.Snapshot, flows []facts.Flow) races {
	var out races
	for _, f := range flows {
		m := s.Matrix(f)
		if m == nil || m.NotRun != "" {
			continue
		}
		for _, row := range m.Rows {
			if len(row.Series) != len(m.Targets) {
				continue
			}
			for i, t := range m.Targets {
				out.all = append(out.all, race{f, row.From, t, row.Series[i], half(row.Detail(i))})
			}
		}
	}
	return out
}

// half says whether a lost pair lost only one of its questions, which tells the
// race in conntrack from packets lost on the way. The agent's note says so.
func half(d *facts.Detail) bool {
	return d != nil && slices.ContainsFunc(d.Attempts, func(a facts.Attempt) bool { return strings.HasPrefix(a.Note, "only the question") })
}

// answered are the series with any answer.
func (r races) answered() []race {
	return slices.DeleteFunc(slices.Clone(r.all), func(one race) bool { return one.series.Sent == one.series.Lost })
}

// label is the server as people call it.
func (one race) label() string {
	if one.to.Node != "" {
		return fmt.Sprintf("%s (%s)", strings.TrimPrefix(one.to.ID, "dns/"), one.to.Node)
	}
	return "DNS Service " + one.to.Addr.String()
}

// line is a series in words.
func (one race) line() string {
	c := one.series
	return fmt.Sprintf("%d of %d pairs of questions lost; median %s, p95 %s, worst %s, deviation %s",
		c.Lost, c.Sent, millis(c.Median), millis(c.P95), millis(c.Worst), millis(c.Deviation))
}

func (one race) evidence() check.Evidence {
	return check.Evidence{Node: one.from.Node, Source: fmt.Sprintf("A and AAAA at once, %s → %s", one.from, one.label()), Text: one.line()}
}

// most is how many series a finding shows.
const most = 8

// tell gives a finding about ways to the DNS the figures of its series.
func (r races) tell(f *check.Finding) {
	if f.Verdict != check.Warn || len(f.Pairs) == 0 || f.Evidence != nil && strings.Contains(f.Evidence[0].Text, "pairs of questions lost") {
		return
	}
	var evidence []check.Evidence
	sent, lost, worst, halves := 0, 0, 0, 0
	for _, one := range r.all {
		at := check.Pair{From: one.from.String(), To: one.to.ID, Flow: one.flow.Key()}
		if !slices.Contains(f.Pairs, at) {
			continue
		}
		sent, lost, worst = sent+one.series.Sent, lost+one.series.Lost, max(worst, one.series.Worst)
		evidence = append(evidence, one.evidence())
		if one.half {
			halves++
		}
	}
	f.Says += fmt.Sprintf("; %d of %d pairs of A and AAAA lost, the worst answer after %s", lost, sent, millis(worst))
	if halves > 0 {
		f.Says += "; of a lost pair the other question was answered, which is the race of two packets of one socket in conntrack"
	}
	f.Evidence = evidence[:min(most, len(evidence))]
}

// summary is the whole of all series in a few words.
func (r races) summary() string {
	sent, lost, worst := 0, 0, 0
	var medians []int
	for _, one := range r.answered() {
		sent, lost, worst = sent+one.series.Sent, lost+one.series.Lost, max(worst, one.series.Worst)
		medians = append(medians, one.series.Median)
	}
	if sent == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of %s lost, median %s, worst %s", figures.Grouped(lost), figures.Count(sent, "pair"), millis(median(medians)), millis(worst))
}

// median of a list that is not empty.
func median(of []int) int {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
