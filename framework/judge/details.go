package judge

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// place is a cell that has a record worth showing.
type place struct {
	matrix, row, target int
	rank                int
}

// details puts the records of cells that are not plainly right into the report:
// failing cells first, then those that passed with a mark. It gives the number of
// records that are left out. Where there are more than a report holds, every row
// shows its first ones before any row shows another, so that no node is silent.
func details(observed []facts.Matrix, shown []report.Matrix) (left int) {
	places := notable(observed, shown)
	for _, p := range places[:min(len(places), report.MaxDetails)] {
		row := &shown[p.matrix].Rows[p.row]
		row.Details = append(row.Details, detailOf(*observed[p.matrix].Rows[p.row].Detail(p.target)))
	}
	for _, m := range shown {
		for i := range m.Rows {
			slices.SortFunc(m.Rows[i].Details, func(a, b report.Detail) int { return cmp.Compare(a.Target, b.Target) })
		}
	}
	return max(0, len(places)-report.MaxDetails)
}

// notable lists the places in the order in which they are shown.
func notable(observed []facts.Matrix, shown []report.Matrix) []place {
	var out []place
	for i, m := range shown {
		for j, row := range m.Rows {
			nth := map[int]int{} // records of this row so far, by kind
			for k := range row.Words {
				letter := row.Words[k]
				if letter == '.' || observed[i].Rows[j].Detail(k) == nil {
					continue
				}
				kind := kindOfLetter(letter)
				out = append(out, place{i, j, k, kind<<20 + nth[kind]})
				nth[kind]++
			}
		}
	}
	slices.SortStableFunc(out, func(a, b place) int { return cmp.Compare(a.rank, b.rank) })
	return out
}

// kindOfLetter is lower for what a reader wants to see first.
func kindOfLetter(letter byte) int {
	switch letter {
	case '~', 'n':
		return 1
	default:
		return 0
	}
}

// detailOf keeps the first attempts and the last ones: how it began and how it ended.
func detailOf(d facts.Detail) report.Detail {
	out := report.Detail{Target: d.Target, Met: d.Met, PathMTU: d.PathMTU}
	kept := d.Attempts
	if n := len(kept); n > report.MaxAttempts {
		const half = report.MaxAttempts / 2
		kept = slices.Concat(kept[:half], kept[n-(report.MaxAttempts-half):])
		out.Left = n - report.MaxAttempts
	}
	for _, a := range kept {
		out.Attempts = append(out.Attempts, attemptOf(a))
	}
	return out
}

func attemptOf(a facts.Attempt) report.Attempt {
	return report.Attempt{
		Outcome: a.Outcome, Micros: a.Micros, Errno: a.Errno, ICMP: icmpText(a.ICMP),
		Local: addressText(a.Local), Seen: addressText(a.Seen), Peer: a.Peer, Size: a.Size, Note: noteOf(a),
	}
}

// noteOf has what a DNS server said, too.
func noteOf(a facts.Attempt) string {
	switch {
	case a.RCode == "" || a.RCode == "NOERROR":
		return a.Note
	case a.Note == "":
		return "DNS says " + a.RCode
	default:
		return "DNS says " + a.RCode + "; " + a.Note
	}
}

func addressText(a netip.AddrPort) string {
	switch {
	case !a.IsValid():
		return ""
	case a.Port() == 0: // ICMP has none
		return a.Addr().String()
	default:
		return a.String()
	}
}
