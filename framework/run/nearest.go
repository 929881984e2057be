package run

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// DidYouMean is a hint with the ids nearest to a mistyped one, ready to be
// appended to a sentence; empty where nothing is near.
func DidYouMean(id string, all []check.Check) string {
	near := Nearest(id, all)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// Nearest gives at most three ids that differ little from the one given, the
// nearest first.
func Nearest(id string, all []check.Check) []string {
	const most = 3
	limit := max(2, len(id)/2)
	type candidate struct {
		id       string
		distance int
	}
	var found []candidate
	for _, c := range all {
		d := distance(id, c.ID)
		_, name, _ := strings.Cut(c.ID, "/")
		d = min(d, distance(id, name))
		if strings.Contains(c.ID, strings.Trim(id, "*/")) {
			d = min(d, 1)
		}
		if d < limit {
			found = append(found, candidate{c.ID, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.id, b.id))
	})
	var out []string
	for _, c := range found[:min(most, len(found))] {
		if c.distance <= found[0].distance+1 {
			out = append(out, c.id)
		}
	}
	return out
}

// distance is the number of letters to add, drop or change (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
