package figures

import "testing"

func TestCount(t *testing.T) {
	for _, tc := range []struct {
		n    int
		want string
	}{
		{0, "0 pairs"},
		{1, "1 pair"},
		{2, "2 pairs"},
		{999, "999 pairs"},
		{1000, "1,000 pairs"},
		{1234567, "1,234,567 pairs"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			if got := Count(tc.n, "pair"); got != tc.want {
				t.Errorf("got %q", got)
			}
		})
	}
}
