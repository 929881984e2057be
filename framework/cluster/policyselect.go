package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// policySubjects are the pods of a run as policies see them.
type policySubjects struct {
	name      string // of their namespace
	namespace labels.Set
	// namespaceUnknown: its labels could not be read; only its name is known.
	namespaceUnknown bool
	pods             []labels.Set
}

// selectedBy gives a policy as facts, and whether it selects one of these pods. One
// whose selector is not understood is kept, with the reason.
func (s policySubjects) selectedBy(api cni.PolicyAPI, u *unstructured.Unstructured) (facts.Policy, bool) {
	p := facts.Policy{Group: api.Group, Kind: api.Kind, Resource: api.Resource, Namespace: u.GetNamespace(), Name: u.GetName()}
	if api.Namespaced && p.Namespace != s.name {
		return p, false
	}
	for _, spec := range specsOf(u) {
		text, selects, err := s.selects(api, spec)
		if err != nil {
			p.Selector, p.Unread = text, err.Error()
			return p, true
		}
		if !selects {
			continue
		}
		p.Selector = text
		ingress, egress := restrictions(api, spec)
		p.Ingress, p.Egress = heavier(p.Ingress, ingress), heavier(p.Egress, egress)
	}
	return p, p.Ingress != "" || p.Egress != ""
}

// specsOf are the rules of an object: its spec, and those of a list of specs.
func specsOf(u *unstructured.Unstructured) []map[string]any {
	var out []map[string]any
	if spec, ok, _ := unstructured.NestedMap(u.Object, "spec"); ok {
		out = append(out, spec)
	}
	list, _, _ := unstructured.NestedSlice(u.Object, "specs")
	for _, one := range list {
		if spec, ok := one.(map[string]any); ok {
			out = append(out, spec)
		}
	}
	return out
}

// selects says whether one spec is about one of the pods, with its selector as text.
func (s policySubjects) selects(api cni.PolicyAPI, spec map[string]any) (string, bool, error) {
	switch api.Form {
	case cni.ByPodSelector:
		return s.byLabels(spec, "podSelector", s.pods)
	case cni.ByExpression:
		return s.byExpression(spec)
	case cni.ByEndpoint:
		return s.byEndpoint(spec)
	case cni.BySubject:
		subject, _, _ := unstructured.NestedMap(spec, "subject")
		return s.byNamespaces(subject)
	case cni.ByAppliedTo:
		return s.byAppliedTo(api, spec)
	case cni.ByNamespace:
		return "all pods of its namespace", true, nil
	}
	return "", false, fmt.Errorf("its form %q is not known", api.Form)
}

// labelSelector reads a selector of Kubernetes out of a field; without the field,
// or with an empty one, it selects everything.
func labelSelector(of map[string]any, field string) (labels.Selector, string, error) {
	raw, ok, err := unstructured.NestedMap(of, field)
	if err != nil || !ok {
		return labels.Everything(), "all", err
	}
	var ls metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &ls); err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", field, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(&ls)
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", field, err)
	}
	if selector.Empty() {
		return selector, "all", nil
	}
	return selector, selector.String(), nil
}

func (s policySubjects) byLabels(spec map[string]any, field string, of []labels.Set) (string, bool, error) {
	selector, text, err := labelSelector(spec, field)
	if err != nil {
		return text, false, err
	}
	return "pods: " + text, slices.ContainsFunc(of, func(l labels.Set) bool { return selector.Matches(l) }), nil
}

// byNamespaces reads a subject: the pods of some namespaces, or some of them.
func (s policySubjects) byNamespaces(subject map[string]any) (string, bool, error) {
	if pods, ok, _ := unstructured.NestedMap(subject, "pods"); ok {
		in, text, err := labelSelector(pods, "namespaceSelector")
		if err != nil || !in.Matches(s.namespace) {
			return text, false, s.doubt(err, in)
		}
		podText, selects, err := s.byLabels(pods, "podSelector", s.pods)
		return "namespaces: " + text + ", " + podText, selects, err
	}
	in, text, err := labelSelector(subject, "namespaces")
	if err != nil {
		return text, false, err
	}
	return "namespaces: " + text, in.Matches(s.namespace), s.doubt(nil, in)
}

// doubt says that a selector of namespaces could not be held against ours.
func (s policySubjects) doubt(err error, in labels.Selector) error {
	if err != nil || !s.namespaceUnknown || in == nil || in.Empty() {
		return err
	}
	requirements, _ := in.Requirements()
	for _, r := range requirements {
		if r.Key() != corev1.LabelMetadataName {
			return fmt.Errorf("the labels of namespace %s could not be read", s.name)
		}
	}
	return nil
}

func (s policySubjects) byAppliedTo(api cni.PolicyAPI, spec map[string]any) (string, bool, error) {
	list, _, _ := unstructured.NestedSlice(spec, "appliedTo")
	text := "none"
	for _, one := range list {
		to, ok := one.(map[string]any)
		if !ok {
			continue
		}
		if !api.Namespaced {
			in, ns, err := labelSelector(to, "namespaceSelector")
			if err != nil || !in.Matches(s.namespace) {
				if err := s.doubt(err, in); err != nil {
					return ns, false, err
				}
				continue
			}
		}
		_, hasPods := to["podSelector"]
		_, hasNamespaces := to["namespaceSelector"]
		if !hasPods && !hasNamespaces {
			return "appliedTo", false, fmt.Errorf("it is applied to something else than pods by label")
		}
		podText, selects, err := s.byLabels(to, "podSelector", s.pods)
		if text = podText; err != nil || selects {
			return text, selects, err
		}
	}
	return text, false, nil
}

// heavier is the stronger of two restrictions; rules beside none at all are rules.
func heavier(a, b facts.Restriction) facts.Restriction {
	if a == "" || b == "" {
		return max(a, b)
	}
	if a == facts.RestrictAll && b == facts.RestrictAll {
		return a
	}
	return facts.RestrictRules
}

// shortJSON is a selector as it is written, for people.
func shortJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil || len(raw) == 0 || string(raw) == "null" {
		return "all"
	}
	const most = 200
	return strings.TrimSpace(string(raw[:min(len(raw), most)]))
}
