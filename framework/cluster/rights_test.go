package cluster

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"
)

// granted reads what a file of RBAC objects grants the service account
// plumbline/plumbline, each right as one line.
func granted(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string][]rbacv1.PolicyRule{} // by kind and namespace of the role
	bound := map[string]bool{}
	for _, part := range strings.Split(string(data), "\n---\n") {
		var o struct {
			rbacv1.RoleBinding `json:",inline"`
			Rules              []rbacv1.PolicyRule `json:"rules"`
		}
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			t.Fatal(err)
		}
		switch o.Kind {
		case "Role", "ClusterRole":
			rules[o.Kind+"/"+o.Namespace] = o.Rules
		case "RoleBinding", "ClusterRoleBinding":
			s := o.Subjects[0]
			bound[o.RoleRef.Kind+"/"+o.Namespace] = s.Kind == "ServiceAccount" && s.Name == "plumbline" && s.Namespace == "plumbline"
		}
	}
	var out []string
	for role, list := range rules {
		if !bound[role] {
			t.Errorf("%s is not bound to the service account", role)
		}
		_, namespace, _ := strings.Cut(role, "/")
		for _, r := range list {
			out = append(out, expand(r, namespace)...)
		}
	}
	slices.Sort(out)
	return out
}

func expand(r rbacv1.PolicyRule, namespace string) []string {
	names := r.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var out []string
	for _, group := range r.APIGroups {
		for _, on := range r.Resources {
			resource, sub, _ := strings.Cut(on, "/")
			for _, verb := range r.Verbs {
				for _, name := range names {
					out = append(out, Right{Verb: verb, Group: group, Resource: resource, Subresource: sub, Namespace: namespace, Name: name}.String())
				}
			}
		}
	}
	return out
}

func TestTheJobIsGrantedExactlyWhatARunNeeds(t *testing.T) {
	job := Access{Namespace: "plumbline", Job: true, Hosts: true, Pods: true, Service: true, Services: []string{"local"}, Policy: true}
	var want []string
	for _, r := range job.Rights() {
		want = append(want, r.String())
	}
	slices.Sort(want)
	if slices.Contains(want, "") || len(slices.Compact(slices.Clone(want))) != len(want) {
		t.Errorf("the list names a right twice: %q", want)
	}
	got := granted(t, "../../manifests/base/rbac.yaml")
	for _, r := range got {
		if !slices.Contains(want, r) {
			t.Errorf("granted and not needed: %s", r)
		}
	}
	for _, r := range want {
		if !slices.Contains(got, r) {
			t.Errorf("needed and not granted: %s", r)
		}
	}
}

func TestRightsFollowWhatIsPlaced(t *testing.T) {
	for _, c := range []struct {
		name        string
		access      Access
		has, hasNot []string
	}{
		{
			"a run that only reads creates its namespace and no agent",
			Access{Namespace: "p", OwnNamespace: true},
			[]string{"create namespaces", "delete namespaces", "list pods in namespace p"},
			[]string{"create daemonsets.apps in namespace p", "create services in namespace p"},
		},
		{
			"in a given namespace none is made or listed",
			Access{Namespace: "mine", Hosts: true},
			[]string{"create daemonsets.apps in namespace mine", "get pods/exec in namespace mine"},
			[]string{"create namespaces", "list namespaces", "get pods/log in namespace mine", "create configmaps in namespace mine"},
		},
		{
			"a Service that the configuration names may be read, and a right is named once",
			Access{Namespace: "p", Named: []string{"shop/web", "shop/db", "default/kubernetes"}},
			[]string{"get services web in namespace shop", "get services db in namespace shop", "list endpointslices.discovery.k8s.io in namespace shop"},
			[]string{"list services in namespace shop"},
		},
		{
			"one of the further Services needs what the first needs",
			Access{Namespace: "p", Pods: true, Services: []string{"hairpin"}},
			[]string{"create services in namespace p", "delete services in namespace p", "list services in namespace p"},
			nil,
		},
		{
			"what is kept need not be deleted",
			Access{Namespace: "p", OwnNamespace: true, Keep: true, Pods: true, Service: true},
			[]string{"create services in namespace p", "get pods/log in namespace p"},
			[]string{"delete namespaces", "deletecollection pods in namespace p"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []string
			for _, r := range c.access.Rights() {
				all = append(all, r.String())
			}
			for _, want := range c.has {
				if !slices.Contains(all, want) {
					t.Errorf("it lacks %q", want)
				}
			}
			if slices.Sort(all); len(slices.Compact(slices.Clone(all))) != len(all) {
				t.Errorf("a right is named twice: %q", all)
			}
			for _, other := range c.hasNot {
				if slices.Contains(all, other) {
					t.Errorf("it asks for %q", other)
				}
			}
		})
	}
}

func TestMissingRightsAreThoseTheServerDenies(t *testing.T) {
	set := fake.NewClientset()
	set.PrependReactor("create", "selfsubjectaccessreviews", func(a ktesting.Action) (bool, runtime.Object, error) {
		review := a.(ktesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		review.Status.Allowed = review.Spec.ResourceAttributes.Resource != "pods"
		return true, review, nil
	})
	c := &Client{Set: set}
	missing, err := c.Missing(t.Context(), Access{Namespace: "p", Job: true, Hosts: true, Pods: true}.Rights())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range Grants(missing) {
		got = append(got, g.String())
	}
	want := []string{
		"list pods in namespace kube-system", "list pods", "get pods/log", "get, list, deletecollection pods in namespace p",
		"get, create pods/exec in namespace p", "get pods/log in namespace p",
	}
	if !slices.Equal(got, want) {
		t.Errorf("missing %q, want %q", got, want)
	}
	sentence := "list pods; get pods/log; in namespace kube-system: list pods; in namespace p: get, list, deletecollection pods; get, create pods/exec; get pods/log"
	if got := Sentence(missing); got != sentence {
		t.Errorf("in words %q, want %q", got, sentence)
	}
}

func TestAReviewThatFailsIsNotAMissingRight(t *testing.T) {
	set := fake.NewClientset()
	set.PrependReactor("create", "selfsubjectaccessreviews", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no such host")
	})
	missing, err := (&Client{Set: set}).Missing(t.Context(), reading())
	if err == nil || missing != nil || !strings.Contains(err.Error(), "asking for the right to") {
		t.Errorf("missing %v, error %v", missing, err)
	}
}
