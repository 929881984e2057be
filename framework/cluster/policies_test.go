package cluster

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func probePods() policySubjects {
	return policySubjects{
		name: "np", namespace: labels.Set{"kubernetes.io/metadata.name": "np", "team": "net"},
		pods: []labels.Set{{"app.kubernetes.io/name": "plumbline", "app.kubernetes.io/component": "probe"}},
	}
}

func policyAPI(t *testing.T, group, kind string) cni.PolicyAPI {
	t.Helper()
	all := cni.PolicyAPIs()
	i := slices.IndexFunc(all, func(a cni.PolicyAPI) bool { return a.Group == group && a.Kind == kind })
	if i < 0 {
		t.Fatalf("no kind %s of %s", kind, group)
	}
	return all[i]
}

func TestWhichPoliciesSelectTheProbePods(t *testing.T) {
	const (
		k8s, calico, ciliumGroup, admin, antrea = "networking.k8s.io", "crd.projectcalico.org", "cilium.io", "policy.networking.k8s.io", "crd.antrea.io"
		all, rules                              = facts.RestrictAll, facts.RestrictRules
	)
	for _, c := range []struct {
		name, group, kind, object string
		ingress, egress           facts.Restriction
	}{
		{"deny all", k8s, "NetworkPolicy", `{metadata: {namespace: np}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}`, all, all},
		{"without types", k8s, "NetworkPolicy", `{metadata: {namespace: np}, spec: {podSelector: {}}}`, all, ""},
		{"without types, with egress", k8s, "NetworkPolicy", `{metadata: {namespace: np}, spec: {podSelector: {}, egress: [{}]}}`, all, rules},
		{"another namespace", k8s, "NetworkPolicy", `{metadata: {namespace: shop}, spec: {podSelector: {}}}`, "", ""},
		{"by label", k8s, "NetworkPolicy", `{metadata: {namespace: np}, spec: {podSelector: {matchLabels: {app.kubernetes.io/component: probe}}, ingress: [{}]}}`, rules, ""},
		{"other pods", k8s, "NetworkPolicy", `{metadata: {namespace: np}, spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [db]}]}}}`, "", ""},
		{"global, all", calico, "GlobalNetworkPolicy", `{spec: {selector: "all()", types: [Ingress, Egress]}}`, all, all},
		{"global, has and namespace", calico, "GlobalNetworkPolicy", `{spec: {selector: "has(app.kubernetes.io/name) && !has(x)", namespaceSelector: "team in {'net','ops'}", types: [Egress]}}`, "", all},
		{"global, other namespaces", calico, "GlobalNetworkPolicy", `{spec: {namespaceSelector: "projectcalico.org/name not in {'np'}", types: [Egress]}}`, "", ""},
		{"namespaced expression", calico, "NetworkPolicy", `{metadata: {namespace: np}, spec: {selector: "app.kubernetes.io/component == 'probe' || app == 'x'", ingress: [{action: Allow}]}}`, rules, ""},
		{"prefixed keys", ciliumGroup, "CiliumNetworkPolicy", `{metadata: {namespace: np}, spec: {endpointSelector: {matchLabels: {"k8s:app.kubernetes.io/name": plumbline}}, ingress: []}}`, all, ""},
		{"cluster-wide by namespace", ciliumGroup, "CiliumClusterwideNetworkPolicy", `{spec: {endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": np}}, egress: [{toEntities: [world]}]}}`, "", rules},
		{"cluster-wide, hosts", ciliumGroup, "CiliumClusterwideNetworkPolicy", `{spec: {nodeSelector: {}, ingress: [{}]}}`, "", ""},
		{"a list of specs", ciliumGroup, "CiliumNetworkPolicy", `{metadata: {namespace: np}, specs: [{endpointSelector: {matchLabels: {app: x}}, ingress: [{}]}, {endpointSelector: {}, egressDeny: [{}]}]}`, "", all},
		{"admin, denies", admin, "AdminNetworkPolicy", `{spec: {subject: {namespaces: {matchLabels: {team: net}}}, ingress: [{action: Deny}], egress: [{action: Allow}]}}`, rules, ""},
		{"admin, pods", admin, "AdminNetworkPolicy", `{spec: {subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}, ingress: [{action: Deny}]}}`, "", ""},
		{"applied to namespaces", antrea, "ClusterNetworkPolicy", `{spec: {appliedTo: [{namespaceSelector: {matchLabels: {team: net}}}], egress: [{action: Drop}]}}`, "", rules},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(c.object), &u.Object); err != nil {
				t.Fatal(err)
			}
			p, selects := probePods().selectedBy(policyAPI(t, c.group, c.kind), u)
			if p.Ingress != c.ingress || p.Egress != c.egress || p.Unread != "" || selects != (c.ingress != "" || c.egress != "") {
				t.Errorf("%+v, %v", p, selects)
			}
		})
	}
}

func TestASelectorThatIsNotUnderstoodIsKept(t *testing.T) {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"selector": "app ~ 'x'"}}}
	p, selects := probePods().selectedBy(policyAPI(t, "crd.projectcalico.org", "GlobalNetworkPolicy"), u)
	if !selects || p.Unread == "" {
		t.Errorf("%+v, %v", p, selects)
	}
}

func TestRejectsExpressionsThatEndEarly(t *testing.T) {
	for _, text := range []string{"a ==", "has(a", "a in {'x'", "(a == 'x'", "a == 'x' b", "a contains x", "&&"} {
		if _, err := parseExpression(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestOwnPoliciesSelectTheGuardedPodsAlone(t *testing.T) {
	r := Run{ID: "abc", Namespace: "np"}
	seen := 0
	for _, stage := range []facts.StageName{facts.StageOpen, facts.StageDenied, facts.StagePermitted, facts.StageRemoved} {
		for _, p := range OwnPolicies(r, stage, PolicyNeeds{DNS: []uint16{53, 53}}) {
			seen++
			if p.Namespace != "np" || p.Labels[RunLabel] != "abc" || p.Spec.PodSelector.MatchLabels[RunLabel] != "abc" || p.Spec.PodSelector.MatchLabels[PolicyLabel] != facts.PodsGuarded {
				t.Errorf("%s: %+v", stage, p)
			}
			for _, in := range p.Spec.Ingress {
				if len(in.Ports) == 0 {
					t.Errorf("%s: a rule permits every port", stage)
				}
			}
			for _, out := range p.Spec.Egress {
				if len(out.Ports) == 0 && len(out.To) == 0 {
					t.Errorf("%s: a rule permits everything", stage)
				}
			}
		}
	}
	if seen != 4 {
		t.Errorf("%d policies", seen)
	}
}
