// Package suites is the one explicit list of every check.
package suites

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/suites/component"
	"github.com/plumbline-net/plumbline/suites/dns"
	"github.com/plumbline-net/plumbline/suites/firewall"
	"github.com/plumbline-net/plumbline/suites/kernel"
	"github.com/plumbline-net/plumbline/suites/mtu"
	"github.com/plumbline-net/plumbline/suites/node"
	"github.com/plumbline-net/plumbline/suites/reach"
	"github.com/plumbline-net/plumbline/suites/service"
)

// All are all checks, in the order of the catalogue.
func All() []check.Check {
	return slices.Concat(
		node.All(),
		reach.All(),
		service.All(),
		dns.All(),
		mtu.All(),
		kernel.All(),
		firewall.All(),
		component.All(),
	)
}

// ByID finds a check.
func ByID(id string) (check.Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return check.Check{}, false
}

// Select gives the checks whose id fits one of the patterns (as in path.Match)
// and none of those that begin with !. Without a pattern to take, all are
// taken. A pattern that fits no check is an error which names it and the ids
// nearest to it; a selection that is empty is an error too.
func Select(patterns []string) ([]check.Check, error) {
	var take, leave []string
	for _, p := range patterns {
		p = strings.TrimSpace(p)
		stem, negated := strings.CutPrefix(p, "!")
		if err := known(stem); err != nil {
			return nil, err
		}
		if negated {
			leave = append(leave, stem)
		} else {
			take = append(take, stem)
		}
	}
	var out []check.Check
	for _, c := range All() {
		if (len(take) == 0 || fits(take, c.ID)) && !fits(leave, c.ID) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("selecting checks: %q leaves none", strings.Join(patterns, ","))
	}
	return out, nil
}

func fits(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		hit, err := path.Match(p, id)
		return err == nil && hit
	})
}

func known(pattern string) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("selecting checks: %q is not a pattern: %w", pattern, err)
	}
	for _, c := range All() {
		if fits([]string{pattern}, c.ID) {
			return nil
		}
	}
	return fmt.Errorf("selecting checks: %q fits no check; the nearest are %s", pattern, strings.Join(nearest(pattern), ", "))
}

// nearest gives the three ids that need the fewest edits to become the pattern.
func nearest(pattern string) []string {
	var ids []string
	for _, c := range All() {
		ids = append(ids, c.ID)
	}
	slices.SortStableFunc(ids, func(a, b string) int { return distance(a, pattern) - distance(b, pattern) })
	return ids[:min(3, len(ids))]
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
