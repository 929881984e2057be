package mtu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
)

// complete gives a finding that many nodes share its sorted nodes and its subject.
func complete(f *check.Finding, nodes int) {
	slices.Sort(f.Nodes)
	f.Nodes = slices.Compact(f.Nodes)
	f.Subject = listed(f.Nodes)
	switch {
	case len(f.Nodes) == nodes && nodes > 1:
		f.Subject = "all nodes"
		f.Says = "on all nodes: " + f.Says
	default:
		f.Says = fmt.Sprintf("on %s: %s", f.Subject, f.Says)
	}
}

// listed joins words; of many the first ones stand for all.
func listed(words []string) string {
	const most = 6
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d more", len(words)-most))
	}
	return strings.Join(words, ", ")
}

func rank(v check.Verdict) int {
	return slices.Index([]check.Verdict{check.Fail, check.Unknown, check.Warn}, v)
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
