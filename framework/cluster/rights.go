package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Access is what decides which rights a run needs.
type Access struct {
	Namespace    string // the run's
	OwnNamespace bool   // it is made for the run, and deleted with it
	Job          bool   // the runner is a pod, which reads itself and stores its reports
	Keep         bool   // nothing is removed afterwards
	// Hosts, Pods and Service are what is placed (topology.Requirement).
	Hosts, Pods, Service bool
}

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
	return slices.Concat(reading(), a.placing(), a.removing())
}

// reading are the rights outside the run's namespace: all are for reading.
func reading() []Right {
	const system, dns, ranges = metav1.NamespaceSystem, "checks of the cluster DNS and of kube-proxy", "the cluster's ranges and domain"
	return []Right{
		{Verb: "list", Resource: "nodes", For: "finding the nodes"},
		{Verb: "list", Group: "apps", Resource: "daemonsets", For: "recognising the network plugin", Without: "the network plugin and kube-proxy stay unknown"},
		{Verb: "list", Group: "networking.k8s.io", Resource: "servicecidrs", For: ranges, Without: "the Service range may stay unknown"},
		{Verb: "get", Resource: "namespaces", Name: system, For: "the cluster's identity", Without: "the report does not tell which cluster it is of"},
		{Verb: "list", Resource: "pods", Namespace: system, For: dns, Without: "they stay unknown"},
		{Verb: "list", Resource: "services", Namespace: system, For: dns, Without: "they stay unknown"},
		{Verb: "get", Resource: "configmaps", Namespace: system, Name: "kube-proxy", For: ranges, Without: "they may stay unknown"},
		{Verb: "get", Resource: "configmaps", Namespace: system, Name: "kubeadm-config", For: ranges, Without: "they may stay unknown"},
		{Verb: "get", Resource: "configmaps", Namespace: system, Name: "coredns", For: ranges, Without: "they may stay unknown"},
		{Verb: "get", Resource: "services", Namespace: metav1.NamespaceDefault, Name: "kubernetes", For: "service/api", Without: "it stays unknown"},
	}
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
	if a.Service {
		in("create", "", "services", "the Service to be probed")
		in("get", "", "services", "the Service to be probed")
		in("create", "discovery.k8s.io", "endpointslices", "the Service's backends")
		// Asked for by the admission of an EndpointSlice whose addresses are not a selector's (OpenShift).
		in("create", "discovery.k8s.io", "endpointslices/restricted", "the Service's backends")
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
		in("list", "", "services")
		if !a.Hosts && !a.Pods {
			in("list", "", "pods")
		}
	}
	if a.Service {
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
