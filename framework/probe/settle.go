package probe

import (
	"cmp"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// answer is everything that was heard about one target so far.
type answer struct {
	attempts []facts.Attempt
	// settled: no further attempt is wanted.
	settled bool
	// draws: the attempts are draws from several far ends, not repetitions.
	draws bool
	// several: the target names several peers, and met are those that answered.
	several bool
	met     []string
	// outcome, where set, is the cell's; otherwise the last attempt's is.
	outcome facts.Outcome
	pathMTU int
	partial bool
	// retried: an earlier measurement failed (where outcome is set).
	retried bool
	// told: the record is kept also where the cell is plain.
	told bool
	// rtt, where set, is the cell's round trip in microseconds.
	rtt    int
	series facts.SeriesCell
	hops   []facts.Hop
}

// settle turns what was heard about one target into its cell, and into a whole
// record where the cell does not say it all.
//
// The last attempt gives the outcome; Retried says that an earlier one gave
// another. An attempt that was not made (NotRun) never hides one that was, and
// silence does not hide an ICMP error that explained the attempt before.
//
// For a target with several peers, of which all must be met: when all were met
// the outcome is OK (Retried if some connections failed on the way). When a peer
// was never met and connections failed, the outcome is the failure that an ICMP
// error explains, else the most frequent one; when none failed, it is OK. In both
// cases the cell is Partial. Detail.Met, always written here, says who was met.
func settle(via facts.Via, peers int, a *answer) (facts.Cell, *facts.Detail) {
	if len(a.attempts) == 0 {
		return facts.Cell{}, nil
	}
	slices.SortStableFunc(a.attempts, func(x, y facts.Attempt) int { return cmp.Compare(x.AtMillis, y.AtMillis) })
	outcome := a.final(peers)
	cell := facts.Cell{
		Outcome:   outcome,
		Retried:   outcome != facts.NotRun && a.has(func(x facts.Attempt) bool { return x.Outcome != outcome && x.Outcome != facts.NotRun }),
		Rewritten: slices.ContainsFunc(a.attempts, rewritten),
		Partial:   a.partial || a.several && len(a.met) < peers,
		RTT:       cmp.Or(a.rtt, a.roundTrip(outcome)),
	}
	if a.outcome != facts.NotRun { // a search: other sizes are not other attempts
		cell.Retried = a.retried
	}
	if plain(via, cell, a) {
		return cell, nil
	}
	return cell, &facts.Detail{Attempts: a.attempts, Met: a.met, PathMTU: a.pathMTU, Hops: a.hops}
}

// final is the outcome of the cell.
func (a *answer) final(peers int) facts.Outcome {
	switch {
	case a.outcome != facts.NotRun:
		return a.outcome
	case len(a.met) > 0 && len(a.met) == peers:
		return facts.OK
	case a.several:
		return cmp.Or(a.explained(), a.mostFrequentFailure(), a.last())
	case a.draws && a.has(func(x facts.Attempt) bool { return x.Outcome == facts.OK }):
		return facts.OK
	case a.last() == facts.Timeout && a.explained() != facts.NotRun:
		return a.explained()
	default:
		return a.last()
	}
}

// explained is the outcome of the last failure that an ICMP error explains.
// Routers limit the rate of these errors (RFC 1812 section 4.3.2.8; Linux sends
// one a second to a host after the first few), so that of two attempts which met
// the same fate the second may look like a silent one.
func (a *answer) explained() facts.Outcome {
	for _, x := range slices.Backward(a.attempts) {
		if x.ICMP != nil && x.Outcome != facts.OK {
			return x.Outcome
		}
	}
	return facts.NotRun
}

// last is the outcome of the last attempt that was made.
func (a *answer) last() facts.Outcome {
	for _, x := range slices.Backward(a.attempts) {
		if x.Outcome != facts.NotRun {
			return x.Outcome
		}
	}
	return facts.NotRun
}

// mostFrequentFailure is NotRun where nothing failed; of equally frequent ones
// it is the one that came first.
func (a *answer) mostFrequentFailure() facts.Outcome {
	count := map[facts.Outcome]int{}
	worst := facts.NotRun
	for _, x := range a.attempts {
		if x.Outcome != facts.OK && x.Outcome != facts.NotRun {
			count[x.Outcome]++
		}
	}
	for _, x := range a.attempts {
		if count[x.Outcome] > count[worst] {
			worst = x.Outcome
		}
	}
	return worst
}

// roundTrip is that of the last attempt with the cell's outcome, where a far end
// answered; a time-out is not a round trip.
func (a *answer) roundTrip(outcome facts.Outcome) int {
	if outcome != facts.OK && outcome != facts.Refused {
		return 0
	}
	for _, x := range slices.Backward(a.attempts) {
		if x.Outcome == outcome {
			return x.Micros
		}
	}
	return 0
}

// rewritten: the far end saw another source address than the socket had.
func rewritten(x facts.Attempt) bool {
	return x.Seen.IsValid() && x.Local.IsValid() && x.Seen.Addr() != x.Local.Addr()
}

// plain says whether the cell alone tells everything: the hoped-for outcome at
// the first attempt, with nothing on the way that is worth a record. A port that
// was rewritten is, an ICMP error behind the hoped-for outcome is.
func plain(via facts.Via, c facts.Cell, a *answer) bool {
	return c.Outcome == via.Right() && !c.Retried && !c.Rewritten && !c.Partial && !a.several && !a.told &&
		!a.has(func(x facts.Attempt) bool {
			return x.ICMP != nil || x.Seen.IsValid() && x.Seen != x.Local
		})
}
