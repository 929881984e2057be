package plain_test

import (
	"testing"
	"unicode/utf8"

	"github.com/plumbline-net/plumbline/reporters/plain"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"colours go", "a\x1b[1;31mred\x1b[0m b", "ared b"},
		{"clearing the screen goes", "x\x1b[2J\x1b[Hy", "xy"},
		{"a window title goes", "x\x1b]0;owned\x07y", "xy"},
		{"a title without its end takes what it reaches", "x\x1b]0;owned", "x"},
		{"the one-byte form of the sequence goes", "x\u009b31my", "xy"},
		{"a lone escape goes", "x\x1by", "xy"},
		{"characters that XML forbids go", "a\x00\x07\x0b\ufffe\uffffb", "ab"},
		{"turned writing is turned back", "a\u202eb\u2066c", "abc"},
		{"bytes that are not UTF-8 are shown", "a\xffb", "a?b"},
		{"line ends are one kind", "a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"other alphabets stay", "节点-一 → ok", "节点-一 → ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := plain.Text(tc.in); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLineAndCuts(t *testing.T) {
	t.Parallel()
	if got := plain.Line(" a\n\tb  c "); got != "a b c" {
		t.Errorf("Line gave %q", got)
	}
	if got := plain.Cut("häuser →", 5); got != "häus…" || utf8.RuneCountInString(got) != 5 {
		t.Errorf("Cut gave %q", got)
	}
	if got := plain.Cut("short", 5); got != "short" {
		t.Errorf("Cut gave %q", got)
	}
	if got := plain.CutBytes("ääää", 6, "~"); got != "ää~" {
		t.Errorf("CutBytes gave %q", got)
	}
}
