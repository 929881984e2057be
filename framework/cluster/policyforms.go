package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// byExpression reads spec.selector and spec.namespaceSelector, which are expressions.
// Labels of the orchestrator go by other names there.
func (s policySubjects) byExpression(spec map[string]any) (string, bool, error) {
	own, _, _ := unstructured.NestedString(spec, "selector")
	namespaces, _, _ := unstructured.NestedString(spec, "namespaceSelector")
	text := "selector: " + orAll(own)
	if namespaces != "" {
		text += ", namespaceSelector: " + namespaces
		in, err := parseExpression(namespaces)
		if err != nil {
			return text, false, err
		}
		named := cni.ByExpression.NamespaceLabels(s.name)
		set := maps.Clone(map[string]string(s.namespace))
		maps.Copy(set, named)
		if !in(set) {
			if s.namespaceUnknown && !slices.ContainsFunc(slices.Collect(maps.Keys(named)), func(k string) bool { return strings.Contains(namespaces, k) }) {
				return text, false, fmt.Errorf("the labels of namespace %s could not be read", s.name)
			}
			return text, false, nil
		}
	}
	of, err := parseExpression(own)
	if err != nil {
		return text, false, err
	}
	return text, slices.ContainsFunc(s.pods, func(l labels.Set) bool {
		set := maps.Clone(map[string]string(l))
		maps.Copy(set, cni.ByExpression.PodLabels(s.name, s.namespace))
		return of(set)
	}), nil
}

func orAll(s string) string {
	if s == "" {
		return "all()"
	}
	return s
}

// byEndpoint reads an endpointSelector, whose keys carry the source of the label
// ("k8s:", "any:") and which also sees labels about the namespace. A spec with a
// nodeSelector instead is about hosts.
func (s policySubjects) byEndpoint(spec map[string]any) (string, bool, error) {
	raw, ok, _ := unstructured.NestedMap(spec, "endpointSelector")
	if !ok {
		return "nodes", false, nil
	}
	var ls metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &ls); err != nil {
		return shortJSON(raw), false, fmt.Errorf("reading endpointSelector: %w", err)
	}
	plain := metav1.LabelSelector{MatchLabels: map[string]string{}}
	for k, v := range ls.MatchLabels {
		plain.MatchLabels[withoutSource(k)] = v
	}
	for _, e := range ls.MatchExpressions {
		e.Key = withoutSource(e.Key)
		plain.MatchExpressions = append(plain.MatchExpressions, e)
	}
	selector, err := metav1.LabelSelectorAsSelector(&plain)
	if err != nil {
		return shortJSON(raw), false, fmt.Errorf("reading endpointSelector: %w", err)
	}
	text := "endpoints: all"
	if !selector.Empty() {
		text = "endpoints: " + selector.String()
	}
	return text, slices.ContainsFunc(s.pods, func(l labels.Set) bool {
		set := maps.Clone(map[string]string(l))
		maps.Copy(set, cni.ByEndpoint.PodLabels(s.name, s.namespace))
		return selector.Matches(labels.Set(set))
	}), nil
}

// withoutSource leaves out where a label comes from. A label's key holds no colon.
func withoutSource(key string) string {
	if _, rest, ok := strings.Cut(key, ":"); ok {
		return rest
	}
	return key
}

// restrictions says what a spec does to the connections of the pods that it selects.
func restrictions(api cni.PolicyAPI, spec map[string]any) (ingress, egress facts.Restriction) {
	types, _, _ := unstructured.NestedStringSlice(spec, typesField(api))
	named := func(word string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, word) })
	}
	in, hasIn := rules(spec, "ingress")
	out, hasOut := rules(spec, "egress")
	switch api.Form {
	case cni.ByPodSelector: // without types: ingress always, egress where it has rules
		return isolated(len(types) == 0 || named("Ingress"), in), isolated(len(types) == 0 && hasOut || named("Egress"), out)
	case cni.ByExpression: // without types: ingress unless it has rules for egress alone
		return isolated(len(types) == 0 && (hasIn || !hasOut) || named("Ingress"), in), isolated(len(types) == 0 && hasOut || named("Egress"), out)
	case cni.ByEndpoint:
		_, denyIn := rules(spec, "ingressDeny")
		_, denyOut := rules(spec, "egressDeny")
		return isolated(hasIn || denyIn, in), isolated(hasOut || denyOut, out)
	case cni.BySubject, cni.ByAppliedTo, cni.ByNamespace: // they isolate nothing; their rules deny or permit
		return denying(in), denying(out)
	}
	return "", ""
}

func typesField(api cni.PolicyAPI) string {
	if api.Form == cni.ByExpression {
		return "types"
	}
	return "policyTypes"
}

func rules(spec map[string]any, field string) ([]any, bool) {
	list, ok, err := unstructured.NestedSlice(spec, field)
	return list, ok && err == nil
}

func isolated(is bool, rules []any) facts.Restriction {
	switch {
	case !is:
		return ""
	case len(rules) == 0:
		return facts.RestrictAll
	default:
		return facts.RestrictRules
	}
}

// denying: a rule that denies, drops or rejects is among them.
func denying(rules []any) facts.Restriction {
	for _, r := range rules {
		rule, _ := r.(map[string]any)
		for _, field := range []string{"action", "type"} {
			word, _, _ := unstructured.NestedString(rule, field)
			switch strings.ToLower(word) {
			case "deny", "drop", "reject":
				return facts.RestrictRules
			}
		}
	}
	return ""
}
