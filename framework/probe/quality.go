package probe

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// A Series sends so many connects in all, but to one target not fewer than
// seriesLeast and not more than seriesMost.
const (
	seriesAll   = 2000
	seriesLeast = 3
	seriesMost  = 40
	// seriesEvery is the time between two connects to one target; those to the others lie between.
	seriesEvery = 25 * time.Millisecond
	// seriesTick is the least time between two connects of a vantage.
	seriesTick = time.Millisecond
	// A SYN is sent again after 1 s (RFC 6298 section 2), so a connect that took
	// that long lost its first one. It is waited for, to tell it from a dead end.
	seriesLate = 900 * time.Millisecond
	seriesWait = 1300 * time.Millisecond
	// seriesKept bounds the lost attempts that are recorded.
	seriesKept = 5
)

// qualities connects to all targets in turns, evenly spaced.
func (r *run) qualities(ctx context.Context, jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	r.side(ctx, jobs, r.env.parallel, func(ctx context.Context, j *job) { r.awaitFirst(ctx, j) })
	n := min(max(seriesAll/len(jobs), seriesLeast), seriesMost)
	got := make([][]facts.Attempt, len(jobs))
	for i, j := range jobs {
		r.started(j.row)
		got[i] = make([]facts.Attempt, n)
	}
	e := r.env.within(seriesWait)
	var running sync.WaitGroup
	inTurns(ctx, n*len(jobs), max(seriesEvery/time.Duration(len(jobs)), seriesTick), func(k int) {
		i, turn := k%len(jobs), k/len(jobs)
		target := jobs[i].row.plan.Targets[jobs[i].index]
		running.Go(func() { got[i][turn] = tryTCP(ctx, e, target) })
	})
	running.Wait()
	for i, j := range jobs {
		j.answer.figure(got[i], seriesLate)
		r.finishTried(j)
	}
}

// inTurns calls f n times, each on its tick, until ctx ends.
func inTurns(ctx context.Context, n int, every time.Duration, f func(int)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for k := range n {
		select {
		case <-ticker.C:
			f(k)
		case <-ctx.Done():
			return
		}
	}
}

// figure turns a series into its figures and into the attempts that are kept: the
// first lost ones and the first that was answered. One that took late or longer
// is lost, though its time is the worst one then.
func (a *answer) figure(got []facts.Attempt, late time.Duration) {
	none := slices.IndexFunc(got, func(x facts.Attempt) bool { return x.Outcome == facts.NotRun && x.Note != "" })
	if none >= 0 && !slices.ContainsFunc(got, func(x facts.Attempt) bool { return x.Outcome != facts.NotRun }) {
		a.attempts, a.settled = append(a.attempts, got[none]), true
		return
	}
	got = slices.DeleteFunc(got, func(x facts.Attempt) bool { return x.Outcome == facts.NotRun })
	var times []int
	kept := 0
	for _, x := range got {
		in := x.Outcome == facts.OK && x.Micros < int(late.Microseconds())
		if in {
			times = append(times, x.Micros)
		}
		switch {
		case !in && kept < seriesKept:
			kept++
			a.attempts = append(a.attempts, x)
		case in && len(times) == 1:
			a.attempts = append(a.attempts, x)
		}
	}
	a.series = figuresOf(len(got), times)
	answered := false
	for _, x := range got {
		if x.Outcome == facts.OK {
			answered = true
			a.series.Worst = max(a.series.Worst, x.Micros)
		}
	}
	a.settled, a.partial, a.rtt = true, answered && a.series.Lost > 0, a.series.Median
	if answered {
		a.outcome = facts.OK
	} else {
		a.outcome = cmp.Or(a.explained(), a.mostFrequentFailure())
	}
}

// figuresOf gives the figures of the answers to sent attempts; times are in
// microseconds. Median and p95 are nearest ranks, which are times that were seen.
func figuresOf(sent int, times []int) facts.SeriesCell {
	out := facts.SeriesCell{Sent: min(sent, math.MaxUint8), Lost: min(sent, math.MaxUint8) - len(times)}
	if len(times) == 0 {
		return out
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := func(share float64) int { return sorted[int(math.Ceil(share*float64(len(sorted))))-1] }
	out.Median, out.P95, out.Worst = rank(0.5), rank(0.95), sorted[len(sorted)-1]
	mean, squares := average(sorted), 0.0
	for _, t := range sorted {
		squares += (float64(t) - mean) * (float64(t) - mean)
	}
	out.Deviation = int(math.Round(math.Sqrt(squares / float64(len(sorted)))))
	return out
}

func average(times []int) float64 {
	sum := 0.0
	for _, t := range times {
		sum += float64(t)
	}
	return sum / float64(len(times))
}
