// Package plain makes text from a cluster harmless: names of nodes and messages
// of others are input that an attacker may have written.
package plain

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// escapes are ANSI control sequences, operating system commands and the two-byte
// escapes of ECMA-48; a terminal obeys them, and XML forbids their first byte.
func escapes() *regexp.Regexp {
	return regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b[@-Z\\\\-_]|\u009b[0-?]*[ -/]*[@-~]")
}

// Text removes escape sequences and every character that XML 1.0 forbids
// (section 2.2), and the marks that turn the direction of writing around. Line
// ends become \n.
func Text(s string) string {
	if strings.ContainsAny(s, "\x1b\u009b") {
		s = escapes().ReplaceAllString(s, "")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff:
			return -1
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f:
			return -1 // Unicode's bidirectional controls (UAX #9): what is read is not what would be run
		case r == utf8.RuneError:
			return '?'
		default:
			return r
		}
	}, s)
}

// Line is Text on one line, with single spaces.
func Line(s string) string { return strings.Join(strings.Fields(Text(s)), " ") }

// Cut shortens s to at most n characters; the last one is then "…".
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	return strings.TrimRight(string([]rune(s)[:n-1]), " ") + "…"
}

// CutBytes shortens s to at most n bytes without tearing a character; a note
// says that something is missing.
func CutBytes(s string, n int, note string) string {
	if len(s) <= n {
		return s
	}
	end := max(n-len(note), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + note
}
