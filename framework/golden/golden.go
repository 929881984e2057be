// Package golden compares what a test made with a file that a person has read.
package golden

import (
	"bytes"
	"os"
	"testing"
)

// File fails the test where the file does not hold these bytes, and names the
// first line that differs. With update the file is written instead, to be looked
// at in the difference to what was committed.
func File(t *testing.T, path string, got []byte, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test -update)", err)
	}
	if !bytes.Equal(got, want) {
		n, is, was := firstDifference(got, want)
		t.Errorf("%s differs from line %d on; look at: go test -update && git diff\n got %q\nwant %q", path, n, is, was)
	}
}

// firstDifference gives the first line, counted from 1, in which two texts
// differ, in both; a line that one of them does not have is nil.
func firstDifference(a, b []byte) (n int, ofA, ofB []byte) {
	as, bs := bytes.SplitAfter(a, []byte("\n")), bytes.SplitAfter(b, []byte("\n"))
	for n < len(as) && n < len(bs) && bytes.Equal(as[n], bs[n]) {
		n++
	}
	if n < len(as) {
		ofA = as[n]
	}
	if n < len(bs) {
		ofB = bs[n]
	}
	return n + 1, ofA, ofB
}
