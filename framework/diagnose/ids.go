package diagnose

import "slices"

// IDs are the ids of all causes, in the order in which they get to look. Each has
// an explanation page of that name (framework/diagnose/pages).
func IDs() []string {
	var out []string
	for _, c := range causes() {
		if !slices.Contains(out, c.id) {
			out = append(out, c.id)
		}
	}
	return out
}
