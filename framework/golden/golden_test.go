package golden

import "testing"

func TestFirstDifference(t *testing.T) {
	for _, tc := range []struct {
		name, a, b string
		n          int
		ofA, ofB   string
	}{
		{"a line says something else", "one\ntwo\nthree\n", "one\n2\nthree\n", 2, "two\n", "2\n"},
		{"the second text ends earlier", "one\ntwo\n", "one\n", 2, "two\n", ""},
		{"only the last newline is missing", "one", "one\n", 1, "one", "one\n"},
		{"the second text is empty", "one\n", "", 1, "one\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, ofA, ofB := firstDifference([]byte(tc.a), []byte(tc.b))
			if n != tc.n || string(ofA) != tc.ofA || string(ofB) != tc.ofB {
				t.Errorf("got line %d, %q and %q", n, ofA, ofB)
			}
		})
	}
}
