package judge

import "testing"

func TestTheVerdictStaysOneSentence(t *testing.T) {
	for _, tc := range []struct {
		ids  []string
		want string
	}{
		{[]string{"a", "b", "c", "d"}, "a, b, c, d"},
		{[]string{"a", "b", "c", "d", "e"}, "a, b, c and 2 more"},
	} {
		if got := some(tc.ids); got != tc.want {
			t.Errorf("%v: %q", tc.ids, got)
		}
	}
}
