package collect

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// exclude writes into every node which rule leaves it out, and tells of names
// that match no node: a mistyped node would otherwise shrink the test silently.
func exclude(nodes []facts.Node, nodeLabels map[string]map[string]string, o Options) error {
	for _, name := range append(slices.Clone(o.Nodes), o.ExcludeNodes...) {
		if !slices.ContainsFunc(nodes, func(n facts.Node) bool { return n.Name == name }) {
			return &SelectionError{fmt.Sprintf("there is no node %q in the cluster (it has %s)", name, names(nodes))}
		}
	}
	selector, err := labels.Parse(o.NodeSelector)
	if err != nil {
		return &SelectionError{fmt.Sprintf("--node-selector %q: %v", o.NodeSelector, err)}
	}
	tolerated, err := tolerations(o.Taints)
	if err != nil {
		return &SelectionError{err.Error()}
	}
	left := 0
	for i := range nodes {
		nodes[i].Excluded = rule(nodes[i], labels.Set(nodeLabels[nodes[i].Name]), selector, tolerated, o)
		if nodes[i].Excluded == "" {
			left++
		}
	}
	if left == 0 {
		return &SelectionError{"no node is left to test: " + reasons(nodes)}
	}
	return nil
}

func rule(n facts.Node, set labels.Set, selector labels.Selector, tolerated []corev1.Toleration, o Options) string {
	switch {
	case n.System != "" && n.System != "linux":
		return fmt.Sprintf("its system is %s: the agents run on Linux only", n.System)
	case len(o.Nodes) > 0 && !slices.Contains(o.Nodes, n.Name):
		return "not in --nodes"
	case slices.Contains(o.ExcludeNodes, n.Name):
		return "--exclude-nodes"
	case !selector.Matches(set):
		return fmt.Sprintf("does not match --node-selector %s", o.NodeSelector)
	}
	for _, text := range n.Taints {
		if t := parseTaint(text); !harmless(t) && !toleratedBy(t, tolerated) {
			return fmt.Sprintf("taint %s is not tolerated (--taints)", text)
		}
	}
	return ""
}

// harmless taints keep no DaemonSet away: a preference, or one of those that
// the DaemonSet controller tolerates by itself.
func harmless(t corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectPreferNoSchedule || strings.HasPrefix(t.Key, "node.kubernetes.io/")
}

func toleratedBy(t corev1.Taint, tolerated []corev1.Toleration) bool {
	for _, r := range tolerated {
		keyed := r.Key == "" || r.Key == t.Key
		effect := r.Effect == "" || r.Effect == t.Effect
		if keyed && effect && (r.Operator != corev1.TolerationOpEqual || r.Value == t.Value) {
			return true
		}
	}
	return false
}

// parseTaint reads what cluster.Nodes wrote: key[=value]:Effect.
func parseTaint(text string) corev1.Taint {
	i := strings.LastIndex(text, ":")
	if i < 0 {
		return corev1.Taint{Key: text}
	}
	key, value, _ := strings.Cut(text[:i], "=")
	return corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(text[i+1:])}
}

func names(nodes []facts.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name)
	}
	return strings.Join(out, ", ")
}

func reasons(nodes []facts.Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Name+": "+n.Excluded)
	}
	return strings.Join(out, "; ")
}

// SelectionError is a choice of nodes that cannot be meant: a matter of usage.
type SelectionError struct{ Says string }

// Error is the sentence for the user.
func (e *SelectionError) Error() string { return e.Says }
