package matrix_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

const tcp, udp, icmp = "pod>pod/tcp/ipv4@main", "pod>pod/udp/ipv4@main", "pod>pod/icmp/ipv4@main"

func spec(keys ...string) matrix.Spec {
	var s matrix.Spec
	for _, k := range keys {
		s.Flows = append(s.Flows, factstest.Flow(k))
	}
	return s
}

// short is a result as lines: verdict and Why, then each finding.
func short(r check.Result) []string {
	out := []string{fmt.Sprintf("%s: %s", r.Verdict, r.Why)}
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %v [%s] %s", f.Verdict, f.Nodes, f.Subject, f.Says))
	}
	return out
}

func expect(t *testing.T, r check.Result, want ...string) {
	t.Helper()
	got := short(r)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// count is how many cells of a flow are not as promised.
func count(words []string, letters string) int {
	n := 0
	for _, w := range words {
		for _, letter := range letters {
			if !strings.HasPrefix(w, "!") {
				n += strings.Count(w, string(letter))
			}
		}
	}
	return n
}

// shaped is the answer to one flow, and the findings it becomes.
type shaped struct {
	name  string
	words []string
	want  []string
}

func judgeShapes(t *testing.T, cases []shaped) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := factstest.Healthy(3)
			factstest.Letters(s, tcp, c.words...)
			r := matrix.Judge(s, spec(tcp))
			expect(t, r, c.want...)
			pairs := 0
			for _, f := range r.Findings {
				if f.Verdict == check.Fail {
					pairs += len(f.Pairs)
				}
			}
			if want := count(c.words, "RTUXBG"); pairs != want {
				t.Errorf("the findings hold %d failing cells of %d", pairs, want)
			}
		})
	}
}

func TestFailuresThatSpanTheMatrix(t *testing.T) {
	judgeShapes(t, []shaped{
		{"every cell is right", []string{"...", "...", "..."}, []string{"pass: 9 of 9 pairs answer (TCP; IPv4)"}},
		{"every cell fails", []string{"TTT", "TTT", "TTT"}, []string{
			"fail: 0 of 9 pairs answer (TCP; IPv4)",
			"fail [] [all nodes] 9 of 9 pairs time out: all of them (TCP; IPv4)",
		}},
		{"every cell between two nodes fails", []string{".TT", "T.T", "TT."}, []string{
			"fail: 3 of 9 pairs answer (TCP; IPv4)",
			"fail [] [between all nodes] 6 of 9 pairs time out: all that cross from one node to another; those within a node are well (TCP; IPv4)",
		}},
		{"every cell within a node fails", []string{"R..", ".R.", "..R"}, []string{
			"fail: 6 of 9 pairs answer (TCP; IPv4)",
			"fail [] [within all nodes] 3 of 9 pairs are refused: all within one node; those between nodes are well (TCP; IPv4)",
		}},
	})
}

func TestFailuresOfARowOrAColumn(t *testing.T) {
	judgeShapes(t, []shaped{
		{"a node's row and column fail", []string{"..T", "..T", "TT."}, []string{
			"fail: 5 of 9 pairs answer (TCP; IPv4)",
			"fail [n3] [n3] 4 of 9 pairs time out: all between n3 and other nodes (TCP; IPv4)",
		}},
		{"a node's row and column fail and its own cell too", []string{"..T", "..T", "TTT"}, []string{
			"fail: 4 of 9 pairs answer (TCP; IPv4)",
			"fail [n3] [n3] 5 of 9 pairs time out: all from and to n3, itself included (TCP; IPv4)",
		}},
		{"a sender's whole row fails", []string{"...", "UUU", "..."}, []string{
			"fail: 6 of 9 pairs answer (TCP; IPv4)",
			"fail [n2] [n2] 3 of 9 pairs are unreachable: all from n2 (TCP; IPv4)",
		}},
		{"a sender's row fails except towards itself", []string{"...", "U.U", "..."}, []string{
			"fail: 7 of 9 pairs answer (TCP; IPv4)",
			"fail [n2] [n2] 2 of 9 pairs are unreachable: all from n2 to other nodes (TCP; IPv4)",
		}},
		{"a receiver's whole column fails", []string{".X.", ".X.", ".X."}, []string{
			"fail: 6 of 9 pairs answer (TCP; IPv4)",
			"fail [n2] [n2] 3 of 9 pairs are cut off: all to n2 (TCP; IPv4)",
		}},
		{"a receiver's column fails except from itself", []string{".T.", "...", ".T."}, []string{
			"fail: 7 of 9 pairs answer (TCP; IPv4)",
			"fail [n2] [n2] 2 of 9 pairs time out: all to n2 from other nodes (TCP; IPv4)",
		}},
	})
}

func TestFailuresOfPairs(t *testing.T) {
	judgeShapes(t, []shaped{
		{"both directions of a pair fail", []string{".T.", "T..", "..."}, []string{
			"fail: 7 of 9 pairs answer (TCP; IPv4)",
			"fail [n1 n2] [n1 ↔ n2] 2 of 9 pairs time out: both ways between n1 and n2 (TCP; IPv4)",
		}},
		{"one direction of a pair fails", []string{".T.", "...", "..."}, []string{
			"fail: 8 of 9 pairs answer (TCP; IPv4)",
			"fail [n1 n2] [n1 → n2] 1 of 9 pairs times out: only from n1 to n2; the opposite direction is well (TCP; IPv4)",
		}},
		{"a node does not reach itself", []string{"G..", "...", "..."}, []string{
			"fail: 8 of 9 pairs answer (TCP; IPv4)",
			"fail [n1] [n1] 1 of 9 pairs gets a wrong answer: within n1 (TCP; IPv4)",
		}},
		{"most of one node's cells fail, but not all", []string{"..T", "...", "TT."}, []string{
			"fail: 6 of 9 pairs answer (TCP; IPv4)",
			"fail [n3] [n3] 2 of 9 pairs time out: all from n3 to other nodes (TCP; IPv4)",
			"fail [n1 n3] [n1 → n3] 1 of 9 pairs times out: from n1 to n3 (TCP; IPv4)",
		}},
		{"two outcomes in one shape", []string{"..T", "..T", "UU."}, []string{
			"fail: 5 of 9 pairs answer (TCP; IPv4)",
			"fail [n3] [n3] 4 of 9 pairs fail: all between n3 and other nodes (of 4 probes 2 time out and 2 are unreachable; TCP; IPv4)",
		}},
	})
}

func TestWhatWasNotHeardOrLost(t *testing.T) {
	judgeShapes(t, []shaped{
		{"one direction fails and the other was not heard", []string{".T.", "!exec died", "..."}, []string{
			"fail: 5 of 6 pairs answer (TCP; IPv4)",
			"fail [n1 n2] [n1 → n2] 1 of 6 pairs times out: from n1 to n2 (TCP; IPv4)",
			"unknown [n2] [pod/n2] pod/n2 gave no answer: exec died (from pods; TCP; IPv4)",
		}},
		{"a row without an answer, and a node fails in what was heard", []string{"..T", "!exec died", "TT."}, []string{
			"fail: 3 of 6 pairs answer (TCP; IPv4)",
			"fail [n3] [n3] 3 of 6 pairs time out: all between n3 and other nodes (TCP; IPv4)",
			"unknown [n2] [pod/n2] pod/n2 gave no answer: exec died (from pods; TCP; IPv4)",
		}},
		{"all rows without an answer", []string{"!exec died", "!exec died", "!exec died"}, []string{
			"unknown: pod/n1, pod/n2 and pod/n3 gave no answer: exec died (from pods; TCP; IPv4)",
			"unknown [n1 n2 n3] [pod/n1, pod/n2 and pod/n3] pod/n1, pod/n2 and pod/n3 gave no answer: exec died (from pods; TCP; IPv4)",
		}},
		{"a cell that was not run", []string{"..?", "...", "..."}, []string{
			"unknown: 1 pair not run: the deadline passed first (from pods; TCP; IPv4)",
			"unknown [n1 n3] [n1 → n3] 1 pair not run: the deadline passed first (from pods; TCP; IPv4)",
		}},
		{"two pairs needed a retry", []string{"..~", "...", "~.."}, []string{
			"warn: 9 of 9 pairs answer (TCP; IPv4)",
			"warn [n1 n3] [n1 and n3] 2 of 9 pairs answered, but not at every attempt: n1 → n3 and n3 → n1 (2 of 11 attempts were lost; TCP; IPv4)",
		}},
	})
}
