package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilversion "k8s.io/apimachinery/pkg/util/version"
	apiversion "k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/plumbline-net/plumbline/framework/cluster"
)

// server is an API server with two nodes, which denies some rights and refuses
// some objects. What it is asked to create has to be a review or a dry run.
func server(t *testing.T, denied []string, refuse func(runtime.Object) error) *fake.Clientset {
	t.Helper()
	node := func(name, kubelet, image string) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		n.Status.NodeInfo.KubeletVersion = kubelet
		n.Status.Images = []corev1.ContainerImage{{Names: []string{image}}}
		return n
	}
	set := fake.NewClientset(node("n1", "v1.36.3", "docker.io/library/plumbline:dev"), node("n2", "v1.32.1", "docker.io/library/other:1"))
	set.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &apiversion.Info{GitVersion: "v1.36.3"}
	set.PrependReactor("create", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
		create := a.(ktesting.CreateActionImpl)
		if review, ok := create.GetObject().(*authorizationv1.SelfSubjectAccessReview); ok {
			r := review.Spec.ResourceAttributes
			review.Status.Allowed = !slices.Contains(denied, strings.TrimSuffix(r.Verb+" "+r.Resource+"/"+r.Subresource, "/"))
			return true, review, nil
		}
		if a.GetResource().Group == "authentication.k8s.io" {
			return false, nil, nil
		}
		if !slices.Equal(create.GetCreateOptions().DryRun, []string{metav1.DryRunAll}) {
			t.Errorf("%s would have been created", a.GetResource().Resource)
		}
		return true, create.GetObject(), refuse(create.GetObject())
	})
	return set
}

func admit(runtime.Object) error { return nil }

func TestPreflightSaysWhatWouldRefuseARun(t *testing.T) {
	security := func(o runtime.Object) error {
		if pod, ok := o.(*corev1.Pod); ok && pod.Spec.HostNetwork {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", errors.New(`violates PodSecurity "restricted:latest": host namespaces`))
		}
		return nil
	}
	absent := func(runtime.Object) error {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "mine")
	}
	own := cluster.Access{Namespace: "plumbline-preflight", OwnNamespace: true, Hosts: true, Pods: true, Service: true}
	given := cluster.Access{Namespace: "mine", Hosts: true, Pods: true, Service: true}
	for _, c := range []struct {
		name    string
		access  cluster.Access
		denied  []string
		admits  func(runtime.Object) error
		refused int
		says    []string
	}{
		{"all is well in a namespace of its own", own, nil, admit, 0, []string{"OK       Namespace plumbline-preflight", "A run can go on 2 nodes, in a namespace of its own"}},
		{"all is well in a given namespace", given, nil, admit, 0, []string{"OK       a pod of plumbline-node", "OK       Service plumbline-echo", "in namespace mine"}},
		{"an old kubelet and an absent image keep no run from going", own, nil, admit, 0, []string{
			"n2 (v1.32.1 is 4 minor versions older than the API server)", "not listed on 1 of 2 nodes (n2); an absent image will be pulled",
		}},
		{"a missing right is named with all that grants it", own, []string{"list nodes", "create daemonsets"}, admit, 2, []string{
			"MISSING  list nodes", "MISSING  create daemonsets.apps", "kubectl apply -f -", "A run would be refused: 2 reasons",
		}},
		{"what a run can do without is a warning", own, []string{"list servicecidrs"}, admit, 0, []string{"WARN     list servicecidrs.networking.k8s.io", "A run can go"}},
		{"pod security refuses the node agents", given, nil, security, 1, []string{
			"REFUSED  a pod of plumbline-node", "OK       a pod of plumbline-probe", "enforce=privileged; or run with --unprivileged",
		}},
		{"a namespace that is not there is named once", given, nil, absent, 1, []string{"→ kubectl create namespace mine", "1 reason above"}},
		{"without the right to create pods they are not tried", given, []string{"create pods"}, security, 0, []string{"UNKNOWN  pod security and admission", "OK       DaemonSet plumbline-node"}},
		{"what there is no right to create is not tried", own, []string{"create namespaces"}, security, 1, []string{"not tried: the right to create namespaces is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := server(t, c.denied, c.admits)
			run := cluster.Run{ID: "preflight", Namespace: c.access.Namespace, OwnNamespace: c.access.OwnNamespace, Image: "plumbline:dev"}
			p := &preflight{client: &cluster.Client{Set: set}, server: "https://10.0.0.1:6443", run: run, access: c.access}
			if err := p.examine(t.Context()); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := p.write(&out); err != nil {
				t.Fatal(err)
			}
			if p.refused() != c.refused {
				t.Errorf("%d reasons to refuse, want %d", p.refused(), c.refused)
			}
			for _, says := range c.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("it does not say %q", says)
				}
			}
			if t.Failed() {
				t.Log("\n" + out.String())
			}
		})
	}
}

// TestWhatIsPastedGrantsEverythingARunNeeds reads the roles back.
func TestWhatIsPastedGrantsEverythingARunNeeds(t *testing.T) {
	p := &preflight{access: cluster.Access{Namespace: "mine", Hosts: true, Pods: true, Service: true}, lacking: true, user: "jane"}
	text := strings.Join(p.grants(), "\n")
	_, text, _ = strings.Cut(text, "<<'EOF'\n")
	granted := map[string]bool{}
	for _, part := range strings.Split(strings.TrimSuffix(text, "---\nEOF"), "---\n") {
		var o struct {
			rbacv1.RoleBinding `json:",inline"`
			Rules              []rbacv1.PolicyRule `json:"rules"`
		}
		if err := yaml.UnmarshalStrict([]byte(part), &o); err != nil {
			t.Fatalf("%v in\n%s", err, part)
		}
		if len(o.Subjects) > 0 && o.Subjects[0].Name != "jane" {
			t.Errorf("bound to %v", o.Subjects)
		}
		for _, r := range o.Rules {
			for _, verb := range r.Verbs {
				granted[strings.Join([]string{o.Namespace, r.APIGroups[0], r.Resources[0], verb}, "|")] = true
			}
		}
	}
	for _, r := range p.access.Rights() {
		resource := strings.TrimSuffix(r.Resource+"/"+r.Subresource, "/")
		if !granted[strings.Join([]string{r.Namespace, r.Group, resource, r.Verb}, "|")] {
			t.Errorf("not granted: %s", r)
		}
	}
}

func TestTheVersionSkewIsThatOfKubernetes(t *testing.T) {
	api := utilversion.MustParseGeneric("v1.36.3")
	for kubelet, odd := range map[string]bool{
		"v1.36.9": false, "v1.36.0": false, "v1.33.1+k3s1": false, "v1.32.9": true, "v1.37.0": true, "unknown": true,
	} {
		if why := skew(api, kubelet); (why != "") != odd {
			t.Errorf("%s: %q", kubelet, why)
		}
	}
}

func TestPreflightAgainstNobodyIsOneSentence(t *testing.T) {
	got := outside(t, "preflight", "--kubeconfig", kubeconfig(t, "https://127.0.0.1:1"))
	sentence(t, got, exitCannotTell, "the API server at https://127.0.0.1:1 cannot be reached")
	sentence(t, outside(t, "preflight", "--in-cluster=maybe"), exitUsage, `--in-cluster "maybe"`)
}
