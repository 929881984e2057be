package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Access is what decides which rights a run needs.
type Access struct {
	Namespace    string // the run's
	OwnNamespace bool   // it is made for the run, and deleted with it
	Job          bool   // the runner is a pod, which reads itself and stores its reports
	Keep         bool   // nothing is removed afterwards
	// Hosts, Pods and Service are what is placed (topology.Requirement).
	Hosts, Pods, Service bool
	// Services are the kinds of the further Services, RuntimeClasses those of further probe pods.
	Services, RuntimeClasses []string
	// Policy: network policies are tried.
	Policy bool
	// Named are the Services that the configuration names ("namespace/name").
	Named []string
}

// anyService says whether at least one Service is created.
func (a Access) anyService() bool { return a.Service || len(a.Services) > 0 }

// Right is one thing that the API server has to allow.
type Right struct {
	Verb, Group, Resource, Subresource string
	Namespace                          string // empty: in the whole cluster
	Name                               string // empty: any
	For                                string // what a run does with it
	// Without says what is lost without it, where the run can go on; empty where it cannot.
	Without string
}

// Rights is the one list of what a run needs; manifests/base/rbac.yaml grants
// the Job exactly this.
func (a Access) Rights() []Right {
	return slices.Concat(reading(), policies(), a.named(), a.placing(), a.removing())
}

// reading are the rights outside the run's namespace: all are for reading.
func reading() []Right {
	const (
		system, apps, endpoints = metav1.NamespaceSystem, "apps", "discovery.k8s.io"
		dns, ranges             = "checks of the cluster DNS and of kube-proxy", "the cluster's ranges and domain"
		deployment, plugin      = "component/dns", "component/cni"
		unknown, may            = "they stay unknown", "they may stay unknown"
	)
	out := []Right{
		{Verb: "list", Resource: "nodes", For: "finding the nodes"},
		{Verb: "list", Group: apps, Resource: "daemonsets", For: "recognising the network plugin", Without: "the network plugin and kube-proxy stay unknown"},
		{Verb: "list", Group: "networking.k8s.io", Resource: "servicecidrs", For: ranges, Without: "the Service range may stay unknown"},
		{Verb: "get", Resource: "namespaces", Name: system, For: "the cluster's identity", Without: "the report does not tell which cluster it is of"},
		{Verb: "list", Resource: "pods", Namespace: system, For: dns, Without: unknown},
		{Verb: "list", Resource: "services", Namespace: system, For: dns, Without: unknown},
		// The cluster DNS may be in any namespace: its Service is found by the pods' nameserver.
		{Verb: "list", Resource: "services", For: dns, Without: "a cluster DNS outside kube-system stays unknown"},
		{Verb: "list", Group: endpoints, Resource: "endpointslices", For: dns, Without: "what is behind a cluster DNS outside kube-system stays unknown"},
		{Verb: "get", Group: apps, Resource: "replicasets", For: deployment, Without: "it stays unknown"},
		{Verb: "get", Group: apps, Resource: "deployments", For: deployment, Without: "it stays unknown"},
		{Verb: "list", Group: apps, Resource: "deployments", For: deployment, Without: "it stays unknown"},
		{Verb: "get", Resource: "services", Namespace: metav1.NamespaceDefault, Name: "kubernetes", For: "service/api", Without: "it stays unknown"},
	}
	for _, name := range []string{facts.LeaseController, facts.LeaseScheduler} {
		out = append(out, Right{
			Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Namespace: system, Name: name,
			For: "telling a control plane that does not act", Without: "a run waits longer for pods that nobody makes",
		})
	}
	for _, name := range []string{"kube-proxy", "kubeadm-config", "coredns"} {
		out = append(out, Right{Verb: "get", Resource: "configmaps", Namespace: system, Name: name, For: ranges, Without: may})
	}
	for _, ns := range []string{system, metav1.NamespaceDefault} {
		out = append(out, Right{Verb: "list", Group: endpoints, Resource: "endpointslices", Namespace: ns, For: "service/programmed", Without: "what stands behind the cluster's Services stays unknown"})
	}
	// The namespace of the network plugin is not known before it is recognised.
	return append(out,
		Right{Verb: "list", Resource: "pods", For: plugin, Without: "the pods of a network plugin outside kube-system stay unknown"},
		Right{Verb: "get", Resource: "pods", Subresource: "log", For: "the log of the network plugin", Without: "what its log says stays unknown"},
		Right{Verb: "list", Resource: "events", For: "component/evictions", Without: "evictions stay unknown"},
	)
}

// policies are the rights for knowing what restricts pods' traffic, of every kind
// that is known, whether this API server has it or not.
func policies() []Right {
	const what, without = "naming a policy that stops the suite's own pods", "such a policy is not named"
	var out []Right
	for _, api := range cni.PolicyAPIs() {
		out = append(out, Right{Verb: "list", Group: api.Group, Resource: api.Resource, For: what, Without: without})
	}
	return out
}

// named are the rights for the Services that the configuration names.
func (a Access) named() []Right {
	var out []Right
	for _, full := range a.Named {
		namespace, name, _ := strings.Cut(full, "/")
		get := Right{Verb: "get", Resource: "services", Namespace: namespace, Name: name, For: "service/listening", Without: "it stays unknown"}
		list := Right{Verb: "list", Group: "discovery.k8s.io", Resource: "endpointslices", Namespace: namespace, For: "service/listening", Without: "it stays unknown"}
		for _, r := range []Right{get, list} {
			same := func(o Right) bool {
				return o.String() == r.String()
			}
			if !slices.ContainsFunc(out, same) && !slices.ContainsFunc(reading(), same) {
				out = append(out, r)
			}
		}
	}
	return out
}

// placing are the rights for what a run creates and asks.
func (a Access) placing() []Right {
	var out []Right
	in := func(verb, group, resource, what string) {
		resource, sub, _ := strings.Cut(resource, "/")
		out = append(out, Right{Verb: verb, Group: group, Resource: resource, Subresource: sub, Namespace: a.Namespace, For: what})
	}
	if a.OwnNamespace {
		out = append(out, Right{Verb: "create", Resource: "namespaces", For: "a namespace of the run's own"})
	}
	if a.Job {
		in("get", "", "pods", "reading the runner's own pod")
		in("create", "", "configmaps", "storing the reports")
	}
	if a.Hosts || a.Pods {
		in("create", "apps", "daemonsets", "placing the agents")
		in("list", "", "pods", "following the agents")
		in("list", "", "events", "saying why an agent does not start")
		// WebSockets need create or get, by the API server's version (KEP-4006); SPDY needs create.
		in("get", "", "pods/exec", "asking the agents")
		in("create", "", "pods/exec", "asking the agents")
	}
	if a.Pods {
		in("get", "", "pods/log", "learning the agents' ports")
	}
	if a.Policy {
		for _, verb := range []string{"create", "deletecollection"} {
			in(verb, "networking.k8s.io", "networkpolicies", "trying network policies")
			out[len(out)-1].Without = "none is tried"
		}
		in("get", "", "namespaces", "evaluating selectors of namespaces")
		out[len(out)-1].Name, out[len(out)-1].Without = a.Namespace, "policies that select namespaces by label are not evaluated"
	}
	if a.anyService() {
		in("create", "", "services", "the Services to be probed")
		in("get", "", "services", "the Services to be probed")
		in("list", "", "services", "comparing the data planes with them")
		in("list", "discovery.k8s.io", "endpointslices", "comparing the data planes with them")
		out[len(out)-1].Without = "the data planes are not compared with the run's own Services"
		in("create", "discovery.k8s.io", "endpointslices", "the Services' backends")
		// Asked for by the admission of an EndpointSlice whose addresses are not a selector's (OpenShift).
		in("create", "discovery.k8s.io", "endpointslices/restricted", "the Services' backends")
		out[len(out)-1].Without = "only OpenShift asks for it"
	}
	return out
}

// removing are the rights for leaving nothing behind.
func (a Access) removing() []Right {
	const what = "removing everything again"
	var out []Right
	in := func(verb, group, resource string) {
		out = append(out, Right{Verb: verb, Group: group, Resource: resource, Namespace: a.Namespace, For: what})
	}
	if a.OwnNamespace {
		out = append(out, Right{Verb: "list", Resource: "namespaces", For: "sweeping what dead runs left", Without: "it is not swept"})
	}
	if a.Keep {
		return out
	}
	if a.OwnNamespace {
		out = append(out, Right{Verb: "get", Resource: "namespaces", For: what}, Right{Verb: "delete", Resource: "namespaces", For: what})
	}
	if a.OwnNamespace || a.Hosts || a.Pods {
		in("deletecollection", "apps", "daemonsets")
		in("deletecollection", "", "pods")
		in("deletecollection", "discovery.k8s.io", "endpointslices")
		if !a.anyService() {
			in("list", "", "services")
		}
		if !a.Hosts && !a.Pods {
			in("list", "", "pods")
		}
	}
	if a.anyService() {
		in("delete", "", "services")
	}
	return out
}

// rightsAtOnce bounds the reviews under way.
const rightsAtOnce = 16

// Missing gives those of the rights that the API server would not allow, in
// their order (SelfSubjectAccessReview). The error says why it could not be
// asked.
func (c *Client) Missing(ctx context.Context, rights []Right) ([]Right, error) {
	refused := make([]bool, len(rights))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(rightsAtOnce)
	for i, r := range rights {
		group.Go(func() error {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: r.Verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource, Namespace: r.Namespace, Name: r.Name,
				},
			}}
			answer, err := c.Set.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("asking for the right to %s: %w", r, err)
			}
			refused[i] = !answer.Status.Allowed
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var missing []Right
	for i, r := range rights {
		if refused[i] {
			missing = append(missing, r)
		}
	}
	return missing, nil
}
