package cluster

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// TestWhatIsTriedIsNeverCreated: every request has to be a dry run.
func TestWhatIsTriedIsNeverCreated(t *testing.T) {
	placed := Access{Namespace: "mine", Hosts: true, Pods: true, Service: true}
	for _, c := range []struct {
		name   string
		run    Run
		access Access
		pods   bool
		want   []string
	}{
		{"a namespace of the run's own is tried alone", Run{ID: "r", Namespace: "plumbline-1", OwnNamespace: true}, placed, true, []string{"Namespace plumbline-1"}},
		{
			"in a given namespace all objects and their pods are tried",
			Run{ID: "r", Namespace: "mine", Image: "i:1"},
			placed, true,
			[]string{"DaemonSet plumbline-node", "a pod of plumbline-node", "DaemonSet plumbline-probe", "a pod of plumbline-probe", "Service plumbline-echo"},
		},
		{"without the right to it no pod is tried", Run{ID: "r", Namespace: "mine"}, Access{Pods: true}, false, []string{"DaemonSet plumbline-probe"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := fake.NewClientset()
			set.PrependReactor("*", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
				create, ok := a.(ktesting.CreateActionImpl)
				if !ok || !slices.Equal(create.GetCreateOptions().DryRun, []string{metav1.DryRunAll}) {
					t.Errorf("%s %s is not a dry run", a.GetVerb(), a.GetResource().Resource)
				}
				return true, create.GetObject(), nil
			})
			var got []string
			for _, trial := range (&Client{Set: set}).Try(t.Context(), c.run, c.access, c.pods) {
				got = append(got, trial.What)
				if trial.Err != nil {
					t.Errorf("%s: %v", trial.What, trial.Err)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("tried %q, want %q", got, c.want)
			}
		})
	}
}

func TestARefusalIsTheObjectsOwn(t *testing.T) {
	set := fake.NewClientset()
	set.PrependReactor("create", "pods", func(a ktesting.Action) (bool, runtime.Object, error) {
		pod := a.(ktesting.CreateAction).GetObject().(*corev1.Pod)
		if !pod.Spec.HostNetwork {
			return true, pod, nil
		}
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, pod.GenerateName, nil)
	})
	trials := (&Client{Set: set}).Try(t.Context(), Run{ID: "r", Namespace: "mine"}, Access{Hosts: true, Pods: true}, true)
	for _, trial := range trials {
		if refused := trial.Err != nil; refused != (trial.What == "a pod of plumbline-node") {
			t.Errorf("%s: %v", trial.What, trial.Err)
		}
	}
}

func TestAnImageIsFoundUnderTheNameThatRuntimesGiveIt(t *testing.T) {
	for _, c := range []struct{ image, full string }{
		{"plumbline:dev", "docker.io/library/plumbline:dev"},
		{"plumbline", "docker.io/library/plumbline:latest"},
		{"docker.io/plumbline:dev", "docker.io/library/plumbline:dev"},
		{"team/plumbline", "docker.io/team/plumbline:latest"},
		{"registry.example:5000/plumbline", "registry.example:5000/plumbline:latest"},
		{"registry.example/a/plumbline:1", "registry.example/a/plumbline:1"},
		{"localhost/plumbline:1", "localhost/plumbline:1"},
		{"plumbline:dev@sha256:0a", "docker.io/library/plumbline@sha256:0a"},
	} {
		if got := fullName(c.image); got != c.full {
			t.Errorf("%s is %s, want %s", c.image, got, c.full)
		}
	}
	node := func(name string, images ...string) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Images: []corev1.ContainerImage{{Names: images}}}}
	}
	set := fake.NewClientset(
		node("n3", "docker.io/library/other:1"), node("n1", "docker.io/library/plumbline:dev"), node("n2"),
	)
	got, err := (&Client{Set: set}).NodesWithout(t.Context(), "plumbline:dev")
	if err != nil || !slices.Equal(got, []string{"n2", "n3"}) {
		t.Errorf("without it: %v, %v", got, err)
	}
}
