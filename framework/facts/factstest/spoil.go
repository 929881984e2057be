package factstest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Flow parses a key such as "pod>pod/tcp/ipv4@main"; a wrong key panics.
func Flow(key string) facts.Flow {
	f, err := facts.ParseFlow(key)
	if err != nil {
		panic(err)
	}
	return f
}

// Letters answers a flow anew, one word per vantage, one letter per target:
//
//	. as promised   ~ as promised after a retry   ? not run
//	O ok   R refused   T timeout   U unreachable   X reset   B too big   G garbled
//	n answered, source rewritten   p answered, not every peer met
//
// A word that begins with ! is a vantage without an answer; the rest is why.
// Unplain cells get the whole record that an agent would send.
func Letters(s *facts.Snapshot, key string, words ...string) {
	m := s.Matrix(Flow(key))
	if m == nil || len(words) != len(m.Rows) {
		panic(fmt.Sprintf("%s: %d words do not fit the rows", key, len(words)))
	}
	for i, word := range words {
		if why, ok := strings.CutPrefix(word, "!"); ok {
			Silence(s, key, m.Rows[i].From.String(), why)
			continue
		}
		if len(word) != len(m.Targets) {
			panic(fmt.Sprintf("%s row %d: %q does not fit %d targets", key, i, word, len(m.Targets)))
		}
		for j, letter := range word {
			cell, detail := answer(m, i, j, letter)
			Set(s, key, m.Rows[i].From.String(), m.Targets[j].ID, cell, detail)
		}
	}
}

// Set puts one cell, and its whole record where detail is not nil.
func Set(s *facts.Snapshot, key, from, to string, cell facts.Cell, detail *facts.Detail) {
	m := s.Matrix(Flow(key))
	row := slices.IndexFunc(m.Rows, func(r facts.Row) bool { return r.From.String() == from })
	col := slices.IndexFunc(m.Targets, func(t facts.Target) bool { return t.ID == to })
	if row < 0 || col < 0 {
		panic(fmt.Sprintf("%s has no cell %s > %s", key, from, to))
	}
	r := &m.Rows[row]
	r.Cells[col] = cell
	r.Details = slices.DeleteFunc(r.Details, func(d facts.Detail) bool { return d.Target == col })
	if detail != nil {
		detail.Target = col
		r.Details = append(r.Details, *detail)
		slices.SortFunc(r.Details, func(a, b facts.Detail) int { return a.Target - b.Target })
	}
}

// Silence makes one vantage's row NotRun in a flow.
func Silence(s *facts.Snapshot, key, from, why string) {
	m := s.Matrix(Flow(key))
	for i := range m.Rows {
		if r := &m.Rows[i]; r.From.String() == from {
			*r = facts.Row{From: r.From, NotRun: why}
		}
	}
}

// SilenceNode makes the rows of both vantages of a node NotRun in every flow.
func SilenceNode(s *facts.Snapshot, node, why string) {
	for _, m := range s.Matrices {
		for _, r := range m.Rows {
			if r.From.Node == node {
				Silence(s, m.Flow.Key(), r.From.String(), why)
			}
		}
	}
}

// DropPodAgent takes a node's probe pod away: it is not Ready, is no target and has no row.
func DropPodAgent(s *facts.Snapshot, node string, trouble facts.Event) {
	n := s.Node(node)
	n.PodAgent = facts.Agent{Pod: n.PodAgent.Pod, Trouble: []facts.Event{trouble}}
	gone := func(t facts.Target) bool { return t.ID == "pod/"+node }
	for i := range s.Matrices {
		m := &s.Matrices[i]
		if col := slices.IndexFunc(m.Targets, gone); col >= 0 {
			for j := range m.Rows {
				dropCell(&m.Rows[j], col)
			}
		}
		m.Targets = slices.DeleteFunc(m.Targets, gone)
		m.Rows = slices.DeleteFunc(m.Rows, func(r facts.Row) bool { return r.From.String() == "pod/"+node })
	}
}

func dropCell(r *facts.Row, col int) {
	if r.NotRun == "" {
		r.Cells = slices.Delete(r.Cells, col, col+1)
	}
	r.Details = slices.DeleteFunc(r.Details, func(d facts.Detail) bool { return d.Target == col })
	for i := range r.Details {
		if r.Details[i].Target > col {
			r.Details[i].Target--
		}
	}
}

var outcomes = map[rune]facts.Outcome{
	'O': facts.OK, 'R': facts.Refused, 'T': facts.Timeout, 'U': facts.Unreachable,
	'X': facts.Reset, 'B': facts.TooBig, 'G': facts.Garbled, '?': facts.NotRun,
	'n': facts.OK, 'p': facts.OK,
}

// answer is the cell for a letter, with the record an agent would send.
func answer(m *facts.Matrix, row, col int, letter rune) (facts.Cell, *facts.Detail) {
	right := m.Flow.Via.Right()
	outcome, known := outcomes[letter]
	if !known {
		outcome = right
	}
	cell := facts.Cell{Outcome: outcome, RTT: 256, Retried: letter == '~', Rewritten: letter == 'n', Partial: letter == 'p'}
	if letter == '.' {
		return cell, nil
	}
	local := netip.AddrPortFrom(sourceAddr(m, row), 50000)
	one := facts.Attempt{Outcome: outcome, Micros: 256, Local: local}
	d := &facts.Detail{}
	switch letter {
	case '~':
		d.Attempts = []facts.Attempt{failed(m, row, facts.Timeout, local), one}
	case 'n':
		one.Seen = netip.AddrPortFrom(masqueraded(m, row), 61000)
		d.Attempts = []facts.Attempt{one}
	case 'p':
		d.Attempts, d.Met = []facts.Attempt{one}, m.Targets[col].Peers[:1]
	case '?':
		d.Attempts = []facts.Attempt{{Note: "the deadline passed first"}}
	default:
		a := failed(m, row, outcome, local)
		d.Attempts = []facts.Attempt{a, a, a}
		if m.Flow.Via == facts.PMTU {
			d.PathMTU = m.Rows[row].MTU - 50
		}
	}
	return cell, d
}

func failed(m *facts.Matrix, row int, o facts.Outcome, local netip.AddrPort) facts.Attempt {
	a := facts.Attempt{Outcome: o, Micros: 900, Local: local}
	if m.Flow.Via == facts.PMTU || m.Flow.Via == facts.Over {
		a.Size = m.Rows[row].MTU
	}
	switch o {
	case facts.Timeout:
		a.Micros = 2500000
	case facts.Refused:
		a.Errno = "ECONNREFUSED"
	case facts.Reset:
		a.Errno = "ECONNRESET"
	case facts.Unreachable:
		a.Errno = "EHOSTUNREACH"
		a.ICMP = &facts.ICMPError{Type: 3, Code: 10, From: addr(m.Flow.Family, "10.0.0.%d", "fd00:10::%x", 13)}
	case facts.TooBig:
		a.Errno = "EMSGSIZE"
		a.ICMP = &facts.ICMPError{Type: 3, Code: 4, From: addr(m.Flow.Family, "10.0.0.%d", "fd00:10::%x", 1), MTU: a.Size - 50}
	case facts.Garbled:
		a.Note = "another nonce came back"
	default: // nothing more is known of the others
	}
	return a
}

// sourceAddr is the address of the vantage of a row.
func sourceAddr(m *facts.Matrix, row int) netip.Addr {
	switch m.Rows[row].From.Kind {
	case facts.FromPod:
		return PodAddr(number(m, row), m.Flow.Family)
	case facts.FromHost:
		return HostAddr(number(m, row), m.Flow.Family)
	default:
		return addr(m.Flow.Family, "10.0.0.%d", "fd00:10::%x", 200)
	}
}

// masqueraded is the address a node gives to rewritten packets: its own.
func masqueraded(m *facts.Matrix, row int) netip.Addr {
	return HostAddr(number(m, row), m.Flow.Family)
}

func number(m *facts.Matrix, row int) int {
	var i int
	if _, err := fmt.Sscanf(m.Rows[row].From.Node, "n%d", &i); err != nil {
		panic(err)
	}
	return i
}
