package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/framework/figures"
)

// The results of a preflight. A WARN or an UNKNOWN keeps no run from going.
const (
	wordOK      = "OK"
	wordWarn    = "WARN"
	wordMissing = "MISSING" // a right
	wordRefused = "REFUSED" // an object
	wordUnknown = "UNKNOWN"
)

// row is one thing that was tried.
type row struct {
	word, what, where, says string
	remedy                  string // what makes it right; empty where nothing has to be done
}

func (p *preflight) add(r row) { p.rows = append(p.rows, r) }

// refused counts what would keep a run from going.
func (p *preflight) refused() int {
	n := 0
	for _, r := range p.rows {
		if r.word == wordMissing || r.word == wordRefused {
			n++
		}
	}
	return n
}

func (p *preflight) write(w io.Writer) error {
	what, where := 0, 0
	for _, r := range p.rows {
		what, where = max(what, utf8.RuneCountInString(r.what)), max(where, utf8.RuneCountInString(r.where))
	}
	var lines []string
	for _, r := range p.rows {
		lines = append(lines, fmt.Sprintf("%-7s  %-*s  %-*s  %s", r.word, what, r.what, where, r.where, r.says))
		if r.remedy != "" {
			lines = append(lines, "         → "+r.remedy)
		}
	}
	if p.resending != "" {
		lines = append(lines, p.resending)
	}
	lines = append(lines, p.grants()...)
	_, err := fmt.Fprintln(w, strings.Join(append(lines, p.conclusion()...), "\n"))
	return err
}

func (p *preflight) conclusion() []string {
	n := p.refused()
	if n == 0 {
		where := "in a namespace of its own"
		if !p.access.OwnNamespace {
			where = "in namespace " + p.access.Namespace
		}
		if p.nodes == 0 {
			return []string{"A run can go " + where + ". Nothing was left in the cluster."}
		}
		return []string{fmt.Sprintf("A run can go on %s, %s. Nothing was left in the cluster.", figures.Count(p.nodes, "node"), where)}
	}
	out := []string{fmt.Sprintf("A run would be refused: %s above. Nothing was left in the cluster.", figures.Count(n, "reason"))}
	if p.access.OwnNamespace {
		out = append(out, "With fewer rights: let an administrator make a namespace, and give its name with -n.")
	}
	return out
}
