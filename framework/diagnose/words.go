package diagnose

import (
	"fmt"
	"strings"
)

// names lists nodes for a sentence; beyond three it counts.
func names(nodes []string) string {
	const shown = 3
	if len(nodes) <= shown {
		return strings.Join(nodes, ", ")
	}
	return fmt.Sprintf("%s and %d more nodes", strings.Join(nodes[:shown], ", "), len(nodes)-shown)
}

// share is "20 of 20", or "all 20" said exactly.
func share(n, of int) string { return fmt.Sprintf("%d of %d", n, of) }

// containsWord finds a name that is not part of a longer one: demo-worker is
// not in demo-worker2.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !partOfName(text[start-1])) && (end == len(text) || !partOfName(text[end])) {
			return true
		}
		from = end
	}
}

// partOfName: a dot may end a sentence, so it only counts before more of a name;
// node names in findings are not followed by one.
func partOfName(b byte) bool {
	return b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
