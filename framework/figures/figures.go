// Package figures writes numbers into sentences.
package figures

import "strconv"

// Count is a number of things: "1 node", "9,900 nodes". The plural of the noun
// takes an s.
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Grouped(n) + " " + noun
}

// Grouped puts commas between thousands: "9,900". n is not negative.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
