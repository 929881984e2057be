package cluster

import (
	"context"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	ktesting "k8s.io/client-go/testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func kubeadmCluster() []runtime.Object {
	system := func(name string, data map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-system"}, Data: data}
	}
	yes, two := true, int32(2)
	return []runtime.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "the-cluster"}},
		system("kube-proxy", map[string]string{"config.conf": "mode: nftables\n"}),
		system("coredns", map[string]string{"Corefile": ".:53 {\n    errors\n    kubernetes example.org in-addr.arpa ip6.arpa {\n    }\n}\n"}),
		system("kubeadm-config", map[string]string{"ClusterConfiguration": "networking:\n  podSubnet: 10.244.0.0/16,fd00:10::/56\n  serviceSubnet: 10.96.0.0/16\n"}),
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: "default"},
			Spec:       corev1.ServiceSpec{ClusterIPs: []string{"10.96.0.1"}, Ports: []corev1.ServicePort{{Protocol: corev1.ProtocolTCP, Port: 443}}},
		},
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"}},
			Spec:       corev1.ServiceSpec{ClusterIPs: []string{"10.96.0.10"}, Ports: []corev1.ServicePort{{Protocol: corev1.ProtocolUDP, Port: 53}}},
		},
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "coredns-1", Namespace: "kube-system", Labels: map[string]string{"k8s-app": "kube-dns"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "coredns-abc"}},
			},
			Spec:   corev1.PodSpec{NodeName: "n1"},
			Status: corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: "10.244.1.5"}}},
		},
		&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "kube-proxy", Namespace: "kube-system"}},
		&appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: "kube-flannel-ds", Namespace: "kube-flannel"},
			Spec: appsv1.DaemonSetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "flannel"}},
				Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "kube-flannel"}}}},
			},
		},
		owned("kube-flannel-ds-1", "DaemonSet", "kube-flannel-ds"), owned("stranger", "DaemonSet", "another"),
		&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
			Name: "coredns-abc", Namespace: "kube-system", OwnerReferences: []metav1.OwnerReference{{Kind: "Deployment", Name: "coredns", Controller: &yes}},
		}},
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: "kube-system"},
			Spec:       appsv1.DeploymentSpec{Replicas: &two}, Status: appsv1.DeploymentStatus{ReadyReplicas: 1},
		},
	}
}

// owned is a pod with the label of flannel's agents that belongs to some workload.
func owned(name, kind, owner string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "kube-flannel", Labels: map[string]string{"app": "flannel"},
			OwnerReferences: []metav1.OwnerReference{{Kind: kind, Name: owner}},
		},
		Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{Image: "flannel:1"}}},
	}
}

func TestAClusterMadeByKubeadmTellsAllAboutItself(t *testing.T) {
	c := &Client{Set: fake.NewClientset(kubeadmCluster()...), Config: &rest.Config{Host: "https://10.0.0.1:6443"}}
	nodes := []facts.Node{{Name: "n1", PodCIDRs: prefixes([]string{"10.244.1.0/24", "fd00:10:0:1::/64"})}}
	got, plugin := c.Discover(t.Context(), nodes, nil)
	if plugin.Namespace != "kube-flannel" || plugin.DaemonSet != "kube-flannel-ds" || plugin.Container != "kube-flannel" || !got.CNIExpected {
		t.Errorf("the network plugin: %+v", plugin)
	}
	if len(got.CNIPods) != 1 || got.CNIPods[0].Name != "kube-flannel-ds-1" || len(got.CNIPods[0].Images) != 1 || got.CNIPods[0].Images[0] != "flannel:1" {
		t.Errorf("its pods: %+v", got.CNIPods)
	}
	if d := got.DNSDeployment; d == nil || d.Name != "coredns" || d.Desired != 2 || d.Ready != 1 {
		t.Errorf("the Deployment of the cluster DNS: %+v", d)
	}
	if got.ProxyMode != "nftables" || got.Domain != "example.org" || got.CNI != "flannel" || got.UID != "the-cluster" || !got.KubeProxyExpected {
		t.Errorf("discovered %+v", got)
	}
	if len(got.API) != 1 || got.API[0].String() != "10.96.0.1:443" || len(got.DNS) != 1 || got.DNS[0].String() != "10.96.0.10:53" {
		t.Errorf("Services: %v, %v", got.API, got.DNS)
	}
	if len(got.DNSPods) != 1 || got.DNSPods[0].Node != "n1" || len(got.PodCIDRs) != 2 || len(got.ServiceCIDR) != 1 {
		t.Errorf("pods and ranges: %+v, %v, %v", got.DNSPods, got.PodCIDRs, got.ServiceCIDR)
	}
	if !slices.Equal(got.Families, []facts.Family{facts.IPv4, facts.IPv6}) || len(got.Errors) != 0 {
		t.Errorf("families %v, errors %v", got.Families, got.Errors)
	}
}

func TestAListThatIsRefusedIsNamedAndCostsItsOwnFactsOnly(t *testing.T) {
	set := fake.NewClientset(kubeadmCluster()...)
	set.PrependReactor("list", "pods", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, context.DeadlineExceeded
	})
	c := &Client{Set: set, Config: &rest.Config{}}
	got, _ := c.Discover(t.Context(), nil, nil)
	var what []string
	for _, e := range got.Errors {
		what = append(what, e.What)
	}
	if !slices.Equal(what, []string{"pods of the cluster DNS", "pods of kube-proxy", "pods of the network plugin"}) {
		t.Errorf("errors %v", got.Errors)
	}
	if got.ProxyMode != "nftables" || len(got.DNSPods) != 0 {
		t.Errorf("the rest was lost: %+v", got)
	}
}

// agentPod is a pod of the run "r" whose DaemonSet wants it on a node.
func agentPod(name, node string, scheduled bool) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: "ns", UID: types.UID("uid-" + name),
		Labels: map[string]string{RunLabel: "r", "app.kubernetes.io/component": "probe"},
	}}
	if scheduled {
		p.Spec.NodeName = node
		return p
	}
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{node}}},
		}}},
	}}
	return p
}

func TestTroubleIsToldInTheWordsOfThoseWhoKnow(t *testing.T) {
	pending := agentPod("probe-a", "n1", false)
	pending.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes are available"}}
	sandbox := agentPod("probe-b", "n2", true)
	sandbox.UID = "sandbox"
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "e1", Namespace: "ns"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "probe-b", UID: "sandbox"},
		Type:           "Warning", Reason: "FailedCreatePodSandBox", Message: "no IP addresses available in range set", Count: 4,
	}
	refused := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: "e2", Namespace: "ns"},
		InvolvedObject: corev1.ObjectReference{Kind: "DaemonSet", Name: "plumbline-probe"},
		Type:           "Warning", Reason: "FailedCreate", Message: "violates PodSecurity",
	}
	c := &Client{Set: fake.NewClientset(pending, sandbox, event, refused), Config: &rest.Config{}}
	r := Run{ID: "r", Namespace: "ns"}
	pods, err := c.Agents(t.Context(), r, "probe")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddTrouble(t.Context(), r, "plumbline-probe", &pods); err != nil {
		t.Fatal(err)
	}
	if got := pods.ByNode["n1"].Trouble; len(got) != 1 || got[0].Reason != "FailedScheduling" {
		t.Errorf("n1: %v", got)
	}
	if got := pods.ByNode["n2"].Trouble; len(got) != 1 || got[0].Message != "no IP addresses available in range set" {
		t.Errorf("n2: %v", got)
	}
	if len(pods.Refused) != 1 || pods.Refused[0].Message != "violates PodSecurity" {
		t.Errorf("refused: %v", pods.Refused)
	}
}

func TestOnlyRunsWhoseTimeIsOverAreSwept(t *testing.T) {
	namespace := func(name, expires string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{RunLabel: name}, Annotations: map[string]string{ExpiresAnnotation: expires},
		}}
	}
	c := &Client{Set: fake.NewClientset(namespace("old", "1"), namespace("young", "99999999999"), namespace("odd", "soon")), Config: &rest.Config{}}
	swept, err := c.Leftovers(t.Context(), false)
	if err != nil || len(swept) != 1 || swept[0].Namespace != "old" {
		t.Errorf("swept %v, %v", swept, err)
	}
	all, err := c.Leftovers(t.Context(), true)
	if err != nil || len(all) != 3 {
		t.Errorf("all: %v, %v", all, err)
	}
}
