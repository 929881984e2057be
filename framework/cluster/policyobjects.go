package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// PolicyLabel tells the classes of pods of the trial of policies apart.
const PolicyLabel = "plumbline.dev/policy"

// OfPolicyClass is the same run, whose pods are of a class of the trial of policies.
func (r Run) OfPolicyClass(class string) Run {
	r.policy = class
	return r
}

// PolicyNeeds is what the suite's own policies have to know of the cluster.
type PolicyNeeds struct {
	Open []netip.Addr // addresses of the open pods
	DNS  []uint16     // ports of the cluster DNS, and of what stands behind it
}

// OwnPolicies are the suite's policies of a stage. All of them select its guarded
// pods, by the run's own label, and nothing else.
func OwnPolicies(r Run, stage facts.StageName, needs PolicyNeeds) []*networkingv1.NetworkPolicy {
	switch stage {
	case facts.StageDenied:
		return []*networkingv1.NetworkPolicy{r.denyAll()}
	case facts.StagePermitted:
		return []*networkingv1.NetworkPolicy{r.denyAll(), r.permitIngress(needs), r.permitEgress(needs)}
	case facts.StageOpen, facts.StageRemoved:
	}
	return nil
}

func (r Run) policyObject(name string, types ...networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	labels := r.labels()
	labels["app.kubernetes.io/name"] = "plumbline"
	out := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.Namespace, Labels: labels},
		Spec:       networkingv1.NetworkPolicySpec{PodSelector: r.podsOf(facts.PodsGuarded), PolicyTypes: types},
	}
	if r.Owner != nil {
		out.OwnerReferences = []metav1.OwnerReference{*r.Owner}
	}
	return out
}

func (r Run) podsOf(class string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{RunLabel: r.ID, PolicyLabel: class}}
}

func (r Run) denyAll() *networkingv1.NetworkPolicy {
	return r.policyObject("plumbline-deny", networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress)
}

func (r Run) permitIngress(needs PolicyNeeds) *networkingv1.NetworkPolicy {
	open := r.podsOf(facts.PodsOpen)
	namespace := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
	}
	rule := func(rule facts.PolicyRule, from ...networkingv1.NetworkPolicyPeer) networkingv1.NetworkPolicyIngressRule {
		return networkingv1.NetworkPolicyIngressRule{Ports: policyPorts(corev1.ProtocolTCP, rule.Port()), From: from}
	}
	out := r.policyObject("plumbline-permit-ingress", networkingv1.PolicyTypeIngress)
	out.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{
		rule(facts.RulePods, networkingv1.NetworkPolicyPeer{PodSelector: &open}),
		rule(facts.RuleNamespace, networkingv1.NetworkPolicyPeer{NamespaceSelector: namespace(r.Namespace)}),
		rule(facts.RuleForeign, networkingv1.NetworkPolicyPeer{NamespaceSelector: namespace(r.Namespace + "-other")}),
		rule(facts.RulePort),
	}
	var blocks []networkingv1.NetworkPolicyPeer
	for _, a := range needs.Open {
		blocks = append(blocks, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: netip.PrefixFrom(a, a.BitLen()).String()}})
	}
	if len(blocks) > 0 { // a rule without peers would permit everything
		out.Spec.Ingress = append(out.Spec.Ingress, rule(facts.RuleIPBlock, blocks...))
	}
	return out
}

func (r Run) permitEgress(needs PolicyNeeds) *networkingv1.NetworkPolicy {
	guarded := r.podsOf(facts.PodsGuarded)
	dns := append(policyPorts(corev1.ProtocolUDP, needs.DNS...), policyPorts(corev1.ProtocolTCP, needs.DNS...)...)
	out := r.policyObject("plumbline-permit-egress", networkingv1.PolicyTypeEgress)
	out.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{{PodSelector: &guarded}}}}
	if len(dns) > 0 { // a rule without ports would permit everything
		out.Spec.Egress = append(out.Spec.Egress, networkingv1.NetworkPolicyEgressRule{Ports: dns})
	}
	return out
}

func policyPorts(proto corev1.Protocol, ports ...uint16) []networkingv1.NetworkPolicyPort {
	var out []networkingv1.NetworkPolicyPort
	for _, p := range slices.Compact(slices.Sorted(slices.Values(ports))) {
		port := intstr.FromInt32(int32(p))
		out = append(out, networkingv1.NetworkPolicyPort{Protocol: &proto, Port: &port})
	}
	return out
}

// CreatePolicies creates those of the policies that are not there yet, and gives the
// names of all.
func (c *Client) CreatePolicies(ctx context.Context, policies []*networkingv1.NetworkPolicy) ([]string, error) {
	var names []string
	for _, p := range policies {
		_, err := c.Set.NetworkingV1().NetworkPolicies(p.Namespace).Create(ctx, p, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return names, fmt.Errorf("creating NetworkPolicy %s: %w", p.Name, err)
		}
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names, nil
}

// DeletePolicies deletes the policies of a run.
func (c *Client) DeletePolicies(ctx context.Context, r Run) error {
	selector := metav1.ListOptions{LabelSelector: RunLabel + "=" + r.ID}
	if err := c.Set.NetworkingV1().NetworkPolicies(r.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, selector); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting the NetworkPolicies of the run: %w", err)
	}
	return nil
}

// forgiven is an error of deleting policies that need not be there: where it is
// refused, this run has made none either.
func forgiven(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}
