package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"
)

// Trial is what the API server said to one object of a run.
type Trial struct {
	What string
	Err  error // nil: it would be admitted
}

// Try lets the API server admit what a run would create, without creating it
// (server-side dry run). Of a DaemonSet a pod is tried too, where pods: the
// enforced pod security standard judges pods and not what makes them (Kubernetes
// documentation, "Pod Security Admission"). Where the namespace is the run's own,
// nothing can be tried inside it before it exists, so the namespace is tried alone.
func (c *Client) Try(ctx context.Context, r Run, a Access, pods bool) []Trial {
	if r.OwnNamespace {
		return c.try(ctx, r, "namespace.yaml", false)
	}
	var out []Trial
	if a.Hosts {
		out = append(out, c.try(ctx, r, "node.yaml", pods)...)
	}
	if a.Pods {
		out = append(out, c.try(ctx, r, "probe.yaml", pods)...)
	}
	for _, class := range a.RuntimeClasses {
		out = append(out, c.try(ctx, r.OfRuntimeClass(class), "probe.yaml", pods)...)
	}
	if a.Service {
		out = append(out, c.try(ctx, r, serviceFile(""), pods)...)
	}
	for _, kind := range a.Services {
		out = append(out, c.try(ctx, r, serviceFile(kind), pods)...)
	}
	return out
}

func (c *Client) try(ctx context.Context, r Run, file string, pods bool) []Trial {
	var out []Trial
	err := r.each(ctx, file, func(ctx context.Context, object k8s.Object) error {
		out = append(out, c.admit(ctx, object))
		if set, ok := object.(*appsv1.DaemonSet); ok && pods {
			out = append(out, c.admit(ctx, podOf(set)))
		}
		return nil
	})
	if err != nil {
		out = append(out, Trial{file, err})
	}
	return out
}

func (c *Client) admit(ctx context.Context, object k8s.Object) Trial {
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	var t Trial
	switch o := object.(type) {
	case *corev1.Namespace:
		t.What = "Namespace " + o.Name
		_, t.Err = c.Set.CoreV1().Namespaces().Create(ctx, o, dry)
	case *appsv1.DaemonSet:
		t.What = "DaemonSet " + o.Name
		_, t.Err = c.Set.AppsV1().DaemonSets(o.Namespace).Create(ctx, o, dry)
	case *corev1.Service:
		t.What = "Service " + o.Name
		_, t.Err = c.Set.CoreV1().Services(o.Namespace).Create(ctx, o, dry)
	case *corev1.Pod:
		t.What = "a pod of " + o.GenerateName[:len(o.GenerateName)-1]
		_, t.Err = c.Set.CoreV1().Pods(o.Namespace).Create(ctx, o, dry)
	default:
		t = Trial{fmt.Sprintf("%T", object), fmt.Errorf("trying to create a %T is not foreseen", object)}
	}
	return t
}

// podOf is the pod that the DaemonSet controller would create.
func podOf(set *appsv1.DaemonSet) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: set.Name + "-", Namespace: set.Namespace, Labels: set.Spec.Template.Labels},
		Spec:       set.Spec.Template.Spec,
	}
}

// User is the name that the API server knows these credentials by; empty where
// it does not tell (SelfSubjectReview, Kubernetes 1.28 and later).
func (c *Client) User(ctx context.Context) string {
	review, err := c.Set.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return ""
	}
	return review.Status.UserInfo.Username
}
