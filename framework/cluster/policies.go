package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// policiesMost bounds what is read of one kind, policyNames what is kept of the names.
	policiesMost = 1000
	policyNames  = 20
)

// Policies lists what restricts the traffic of pods, of every kind that the API
// server has, and finds those that select the pods of a run. What is refused costs
// its own kind only.
func (c *Client) Policies(ctx context.Context, r Run) (*facts.Policies, error) {
	client, err := dynamic.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("making a client for policies: %w", err)
	}
	groups, err := c.Set.Discovery().ServerGroups()
	if err != nil {
		return nil, fmt.Errorf("asking which kinds of policies there are: %w", err)
	}
	versions := map[string]string{}
	for _, g := range groups.Groups {
		versions[g.Name] = g.PreferredVersion.Version
	}
	ours, err := c.ownPods(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &facts.Policies{}
	for _, api := range cni.PolicyAPIs() {
		version, served := versions[api.Group]
		if !served {
			continue
		}
		kind, items, exists := listPolicies(ctx, client, api, version, r.Namespace)
		if !exists {
			continue
		}
		out.Kinds = append(out.Kinds, kind)
		for i := range items {
			if p, selects := ours.selectedBy(api, &items[i]); selects {
				out.Selecting = append(out.Selecting, p)
			}
		}
	}
	sortPolicies(out)
	return out, nil
}

// listPolicies lists one kind in the whole cluster, or in the run's namespace alone
// where that is all it may; false where the API server has no such kind.
func listPolicies(ctx context.Context, client dynamic.Interface, api cni.PolicyAPI, version, namespace string) (facts.PolicyKind, []unstructured.Unstructured, bool) {
	kind := facts.PolicyKind{Group: api.Group, Version: version, Kind: api.Kind}
	resource := client.Resource(schema.GroupVersionResource{Group: api.Group, Version: version, Resource: api.Resource})
	limit := metav1.ListOptions{Limit: policiesMost}
	list, err := resource.List(ctx, limit)
	if apierrors.IsForbidden(err) && api.Namespaced && namespace != "" {
		kind.NotRun = err.Error() // of the other namespaces nothing is known
		list, err = resource.Namespace(namespace).List(ctx, limit)
	}
	switch {
	case apierrors.IsNotFound(err):
		return kind, nil, false
	case err != nil:
		kind.NotRun = err.Error()
		return kind, nil, true
	}
	items := slices.DeleteFunc(list.Items, func(u unstructured.Unstructured) bool { return u.GetLabels()[RunLabel] != "" })
	if list.GetContinue() != "" {
		kind.NotRun = fmt.Sprintf("there are more than %d; these were read", policiesMost)
	}
	namespaces := map[string]bool{}
	for _, u := range items {
		name := u.GetName()
		if ns := u.GetNamespace(); ns != "" {
			name = ns + "/" + name
			namespaces[ns] = true
		}
		kind.Names = append(kind.Names, name)
	}
	slices.Sort(kind.Names)
	kind.Names = kind.Names[:min(len(kind.Names), policyNames)]
	kind.Count, kind.Namespaces = len(items), len(namespaces)
	return kind, items, true
}

// ownPods reads the labels of the probe pods and of their namespace. Node agents are
// in the host's network, which no policy of pods is about.
func (c *Client) ownPods(ctx context.Context, r Run) (policySubjects, error) {
	selector := fmt.Sprintf("%s=%s,%s in (probe, runtime)", RunLabel, r.ID, componentLabel)
	list, err := c.Set.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return policySubjects{}, fmt.Errorf("reading the labels of the probe pods: %w", err)
	}
	out := policySubjects{name: r.Namespace, namespace: labels.Set{}}
	for i := range list.Items {
		out.pods = append(out.pods, list.Items[i].Labels)
	}
	if ns, err := c.Set.CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{}); err == nil {
		out.namespace = ns.Labels
	} else {
		out.namespaceUnknown = true
	}
	if len(out.namespace) == 0 {
		// Set by the API server on every namespace, since Kubernetes 1.21.
		out.namespace = labels.Set{corev1.LabelMetadataName: r.Namespace}
	}
	return out, nil
}

func sortPolicies(p *facts.Policies) {
	slices.SortFunc(p.Kinds, func(a, b facts.PolicyKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
	slices.SortFunc(p.Selecting, func(a, b facts.Policy) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}
