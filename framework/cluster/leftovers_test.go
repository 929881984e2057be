package cluster

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
)

func TestAnyKindOfObjectShowsThatARunWasLeftInANamespace(t *testing.T) {
	meta := func(name, run string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "ns", Labels: map[string]string{RunLabel: run}}
	}
	c := &Client{Set: fake.NewClientset(
		&corev1.Pod{ObjectMeta: meta("p", "b")},
		&corev1.Service{ObjectMeta: meta("s", "a")},
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "theirs", Namespace: "ns"}},
	)}
	runs, err := c.LeftIn(t.Context(), "ns")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"a", "b"}) {
		t.Errorf("found %v", ids)
	}
}

func TestARefusalReadsTheSameAtEveryAttempt(t *testing.T) {
	const words = ` is forbidden: exceeded quota: q, requested: pods=1`
	for _, message := range []string{
		`Error creating: pods "plumbline-node-5xljs"` + words,
		`(combined from similar events): Error creating: pods "plumbline-node-s87zx"` + words,
	} {
		if got := refusal("plumbline-node", message); got != `Error creating: pods "plumbline-node-…"`+words {
			t.Errorf("got %q", got)
		}
	}
}

func TestAReplicaThatIsBeingDeletedIsNone(t *testing.T) {
	objects := kubeadmCluster()
	leaving := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: "coredns-2", Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"},
		DeletionTimestamp: &metav1.Time{Time: time.Now()}, Finalizers: []string{"f"},
	}}
	proxy := leaving.DeepCopy()
	proxy.Name, proxy.Labels = "kube-proxy-1", map[string]string{"k8s-app": "kube-proxy"}
	c := &Client{Set: fake.NewClientset(append(objects, leaving, proxy)...), Config: &rest.Config{}}
	got, _ := c.Discover(t.Context(), nil, nil)
	if len(got.DNSPods) != 1 || got.DNSPods[0].Name != "coredns-1" {
		t.Errorf("replicas %+v", got.DNSPods)
	}
	if len(got.KubeProxy) != 1 || !got.KubeProxy[0].Terminating {
		t.Errorf("the kube-proxy that is being replaced: %+v", got.KubeProxy)
	}
	again, err := c.KubeProxies(t.Context())
	if err != nil || len(again) != 1 {
		t.Errorf("asked again: %+v, %v", again, err)
	}
}

func TestAPodThatTheKubeletHasNotSeenIsToldFromOneThatStarts(t *testing.T) {
	started := agentPod("started", "n2", true)
	started.Status.StartTime = &metav1.Time{Time: time.Now()}
	c := &Client{Set: fake.NewClientset(agentPod("bound", "n1", true), started)}
	pods, err := c.Agents(t.Context(), Run{ID: "r", Namespace: "ns"}, "probe")
	if err != nil {
		t.Fatal(err)
	}
	if !pods.ByNode["n1"].Unseen || pods.ByNode["n2"].Unseen {
		t.Errorf("pods %+v", pods.ByNode)
	}
}
