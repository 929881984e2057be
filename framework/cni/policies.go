package cni

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// SelectorForm is how a kind of policy says which pods it is about.
type SelectorForm string

// The forms.
const (
	ByPodSelector SelectorForm = "podSelector"      // spec.podSelector, a label selector within the namespace
	ByExpression  SelectorForm = "selector"         // spec.selector and spec.namespaceSelector, expressions
	ByEndpoint    SelectorForm = "endpointSelector" // spec and specs[]: endpointSelector, with prefixed keys
	BySubject     SelectorForm = "subject"          // spec.subject: namespaces, or pods
	ByAppliedTo   SelectorForm = "appliedTo"        // spec.appliedTo[]: podSelector, namespaceSelector
	ByNamespace   SelectorForm = "namespace"        // all pods of its namespace
)

// PodLabels are labels that selectors of a form see on a pod beside its own (Calico:
// documentation of GlobalNetworkPolicy, "Selectors"; Cilium: "Kubernetes constructs").
func (f SelectorForm) PodLabels(namespace string, ofNamespace map[string]string) map[string]string {
	const account = "default"
	switch f {
	case ByExpression:
		return map[string]string{
			"projectcalico.org/namespace": namespace, "projectcalico.org/orchestrator": "k8s", "projectcalico.org/serviceaccount": account,
		}
	case ByEndpoint:
		out := map[string]string{"io.kubernetes.pod.namespace": namespace, "io.cilium.k8s.policy.serviceaccount": account}
		for k, v := range ofNamespace {
			out["io.cilium.k8s.namespace.labels."+k] = v
		}
		return out
	default:
		return nil
	}
}

// NamespaceLabels are labels that selectors of a form see on a namespace beside its own.
func (f SelectorForm) NamespaceLabels(namespace string) map[string]string {
	if f == ByExpression {
		return map[string]string{"projectcalico.org/name": namespace}
	}
	return nil
}

// PolicyAPI is a kind of object by which somebody restricts the traffic of pods.
type PolicyAPI struct {
	Group, Resource, Kind string
	Namespaced            bool
	Form                  SelectorForm
}

// PolicyAPIs are the kinds that are known. Sources are the projects' own definitions
// of their custom resources.
func PolicyAPIs() []PolicyAPI {
	return []PolicyAPI{
		{"networking.k8s.io", "networkpolicies", "NetworkPolicy", true, ByPodSelector},
		// The Network Policy API of SIG Network.
		{"policy.networking.k8s.io", "adminnetworkpolicies", "AdminNetworkPolicy", false, BySubject},
		{"policy.networking.k8s.io", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy", false, BySubject},
		{"policy.networking.k8s.io", "clusternetworkpolicies", "ClusterNetworkPolicy", false, BySubject},
		{"crd.projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy", false, ByExpression},
		{"crd.projectcalico.org", "networkpolicies", "NetworkPolicy", true, ByExpression},
		{"projectcalico.org", "globalnetworkpolicies", "GlobalNetworkPolicy", false, ByExpression},
		{"projectcalico.org", "networkpolicies", "NetworkPolicy", true, ByExpression},
		{"cilium.io", "ciliumnetworkpolicies", "CiliumNetworkPolicy", true, ByEndpoint},
		{"cilium.io", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy", false, ByEndpoint},
		{"crd.antrea.io", "networkpolicies", "NetworkPolicy", true, ByAppliedTo},
		{"crd.antrea.io", "clusternetworkpolicies", "ClusterNetworkPolicy", false, ByAppliedTo},
		{"k8s.ovn.org", "egressfirewalls", "EgressFirewall", true, ByNamespace},
		{"network.openshift.io", "egressnetworkpolicies", "EgressNetworkPolicy", true, ByNamespace},
	}
}

// PolicyChains are chains of a packet filter that a plugin makes for network
// policies, one for each pod, and how the policies are named in their comments.
type PolicyChains struct {
	// Chains are patterns as in path.Match.
	Chains []string
	// Named matches a rule's text that names a policy. Its groups are "namespace", "name" and "global".
	Named *regexp.Regexp
}

// policyChains: kube-router, pkg/controllers/netpol ("run through nw policy NAME");
// Calico, felix/rules/policy.go ("Policy NAME ingress"), where a policy of Kubernetes
// is NAMESPACE/knp.default.NAME and one of Calico's own TIER.NAME; weave-npc has no names.
var policyChains = []PolicyChains{
	{[]string{"KUBE-POD-FW-*", "KUBE-NWPLCY-*"}, regexp.MustCompile(`run through nw policy (?P<name>[^"]+)"`)},
	{
		[]string{"cali-tw-*", "cali-fw-*", "cali-pi-*", "cali-po-*", "filter-cali-tw-*", "filter-cali-fw-*", "filter-cali-pi-*", "filter-cali-po-*"},
		regexp.MustCompile(`Policy (?:(?P<namespace>[^/" ]+)/(?:knp\.)?(?:default\.)?(?P<name>[^" ]+)|(?:default\.)?(?P<global>[^/" ]+)) (?:in|e)gress`),
	},
	{[]string{"WEAVE-NPC*"}, nil},
}

// PolicyName is the policy that a rule of a plugin's chain names.
type PolicyName struct{ Kind, Namespace, Name string }

// MakesPolicyChain says whether a chain is one that a plugin makes for network policies.
func MakesPolicyChain(chain string) bool {
	for _, p := range policyChains {
		for _, pattern := range p.Chains {
			if hit, err := path.Match(pattern, chain); err == nil && hit {
				return true
			}
		}
	}
	return false
}

// PolicyNamed reads the policy that a rule names. An empty namespace is that of the pod.
func PolicyNamed(rule string) (PolicyName, bool) {
	for _, p := range policyChains {
		if p.Named == nil {
			continue
		}
		m := p.Named.FindStringSubmatch(rule)
		if m == nil {
			continue
		}
		group := func(name string) string {
			if i := p.Named.SubexpIndex(name); i >= 0 {
				return m[i]
			}
			return ""
		}
		if global := group("global"); global != "" {
			return PolicyName{"GlobalNetworkPolicy", "", global}, true
		}
		return PolicyName{"NetworkPolicy", group("namespace"), group("name")}, true
	}
	return PolicyName{}, false
}

// Unenforced says that the plugin of a cluster does not enforce NetworkPolicy, where
// that is known and no companion's chains were seen on a host; otherwise it is empty,
// and trying shows it.
func Unenforced(s *facts.Snapshot) string {
	plugin := Of(s)
	if plugin.Policy != PolicyNo {
		return ""
	}
	for i := range s.Hosts {
		for _, d := range s.Hosts[i].Firewall {
			if enforcedBy(d.Text) {
				return ""
			}
		}
	}
	return plugin.Name() + " does not enforce NetworkPolicy"
}

// policyTables are nft tables of programs that enforce policies beside another plugin.
var policyTables = []string{`"kube-network-policies"`}

func enforcedBy(dump string) bool {
	for line := range strings.Lines(dump) {
		if chain, ok := strings.CutPrefix(line, ":"); ok {
			if name, _, _ := strings.Cut(chain, " "); MakesPolicyChain(name) {
				return true
			}
		}
	}
	return slices.ContainsFunc(policyTables, func(t string) bool { return strings.Contains(dump, t) })
}
