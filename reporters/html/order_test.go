package html

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/reporters/report"
)

func matrix(columns string, rows ...string) report.Matrix {
	m := report.Matrix{Flow: "pod>pod/tcp/ipv4@main"}
	for _, c := range strings.Fields(columns) {
		m.Columns = append(m.Columns, "pod/"+c)
	}
	for _, r := range rows {
		name, words, _ := strings.Cut(r, " ")
		m.Rows = append(m.Rows, report.Row{From: "pod/" + name, Words: words})
	}
	return m
}

// drawn is the matrix as the map shows it.
func drawn(m report.Matrix) string {
	o := order(m)
	var out []string
	for _, i := range o.rows {
		line := node(m.Rows[i].From) + " "
		for _, j := range o.columns {
			line += string(at(m.Rows[i], j))
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestFaultsFormBlocks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		in         report.Matrix
	}{
		{
			"a node that fails both ways is a cross in the corner",
			"c .TTT\na T...\nb T...\nd T...",
			matrix("a b c d", "a ..T.", "b ..T.", "c TT.T", "d ..T."),
		},
		{
			"two halves that do not reach each other are four blocks",
			"b ..TT\nd ..TT\na TT..\nc TT..",
			matrix("a b c d", "a .T.T", "b T.T.", "c .T.T", "d T.T."),
		},
		{
			"healthy nodes stay in the order of their names",
			"a ...\nb ...\nc ...",
			matrix("a b c", "a ...", "b ...", "c ..."),
		},
		{
			"a row that was not observed does not come before one that fails",
			"b T..\na ???\nc ...",
			matrix("x y z", "a ", "b T..", "c ..."),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := drawn(tc.in); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestTheWorstPairsComeFirst(t *testing.T) {
	t.Parallel()
	r := &report.Report{Matrices: []report.Matrix{matrix("a b c", "a .~.", "b ..p", "c TT.")}}
	v := newMapView(r)
	var got []string
	for _, w := range v.Worst {
		got = append(got, w.From+">"+w.To+" "+w.Says)
	}
	want := "pod/c>pod/b timed out\npod/c>pod/a timed out\npod/b>pod/c answered in part\npod/a>pod/b right, after a retry"
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	if v.Wrong != 3 || v.Unseen != 0 {
		t.Errorf("%d wrong, %d unseen", v.Wrong, v.Unseen)
	}
}

func TestNodesThatDiffer(t *testing.T) {
	t.Parallel()
	node := func(name, kernel string) report.Node {
		return report.Node{Name: name, Kernel: kernel, Status: "tested"}
	}
	v := newNodesView(&report.Report{Nodes: []report.Node{node("a", "6.1"), node("b", "5.10"), node("c", "6.1"), node("d", "")}})
	if len(v.Odd) != 4 {
		t.Fatalf("half is no majority, so nobody is the common case: %+v", v)
	}
	v = newNodesView(&report.Report{Nodes: []report.Node{node("a", "6.1"), node("b", "5.10"), node("c", "6.1")}})
	if len(v.Plain) != 2 || len(v.Odd) != 1 || v.Odd[0].Differs[0] != (fact{"Kernel", "5.10"}) || v.Common[0] != (fact{"Kernel", "6.1"}) {
		t.Errorf("got %+v", v)
	}
}
