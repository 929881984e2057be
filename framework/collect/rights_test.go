package collect

import (
	"errors"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// allowing is an API server that denies some resources, and counts the reviews.
func allowing(denied ...string) (*cluster.Client, *fake.Clientset) {
	set := fake.NewClientset()
	set.PrependReactor("create", "selfsubjectaccessreviews", func(a ktesting.Action) (bool, runtime.Object, error) {
		review := a.(ktesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		review.Status.Allowed = !slices.Contains(denied, review.Spec.ResourceAttributes.Resource)
		return true, review, nil
	})
	return &cluster.Client{Set: set}, set
}

func TestMissingRightsAreNamedAllAtOnceBeforeAnythingIsCreated(t *testing.T) {
	pods := check.Check{Ask: func(check.Scope) []facts.Flow {
		return []facts.Flow{{From: facts.FromPod, To: facts.ToPod, Via: facts.TCP, Family: facts.IPv4, Look: facts.Main}}
	}}
	for _, c := range []struct {
		name    string
		denied  []string
		options Options
		says    []string // empty: permitted
	}{
		{"all is allowed", nil, Options{}, nil},
		{
			"two kinds are denied",
			[]string{"nodes", "namespaces"},
			Options{},
			[]string{"list nodes", "create, get, delete namespaces"},
		},
		{"a given namespace is not created", []string{"namespaces"}, Options{Namespace: "mine"}, nil},
		{"what is not needed may be denied", []string{"services", "endpointslices"}, Options{Namespace: "mine", Keep: true}, nil},
		{"what only costs facts may be denied", []string{"servicecidrs"}, Options{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, set := allowing(c.denied...)
			err := (&Collector{options: c.options, client: client}).Permitted(t.Context(), []check.Check{pods})
			if (err != nil) != (len(c.says) > 0) || err != nil && !errors.As(err, new(*RightsError)) {
				t.Fatalf("got %v", err)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
			for _, a := range set.Actions() {
				if a.GetResource().Resource != "selfsubjectaccessreviews" {
					t.Errorf("it did %s %s", a.GetVerb(), a.GetResource().Resource)
				}
			}
		})
	}
}

func TestWhereRightsCannotBeAskedForTheRunLearnsByTrying(t *testing.T) {
	reviews := schema.GroupResource{Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews"}
	for _, c := range []struct {
		name   string
		answer error
		goesOn bool
	}{
		{"reviews are forbidden", apierrors.NewForbidden(reviews, "", errors.New("no")), true},
		{"there are no reviews", apierrors.NewNotFound(reviews, ""), true},
		{"the credentials are not accepted", apierrors.NewUnauthorized("who are you"), false},
		{"nobody answers", errors.New("connection refused"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := fake.NewClientset()
			set.PrependReactor("create", "selfsubjectaccessreviews", func(ktesting.Action) (bool, runtime.Object, error) {
				return true, nil, c.answer
			})
			err := (&Collector{client: &cluster.Client{Set: set}}).Permitted(t.Context(), nil)
			if (err == nil) != c.goesOn {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAJobNeedsToStoreItsReports(t *testing.T) {
	client, _ := allowing("configmaps")
	c := &Collector{client: client, options: Options{Namespace: "mine", InCluster: true, Owner: &metav1.OwnerReference{Kind: "Job"}}}
	if err := c.Permitted(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "in namespace mine: create configmaps") {
		t.Errorf("got %v", err)
	}
}
