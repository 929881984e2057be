package cluster

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, t := range texts {
		out = append(out, netip.MustParseAddr(t))
	}
	return out
}

// object decodes the only object of a manifest as it is in a run.
func object(t *testing.T, r Run, file string) k8s.Object {
	t.Helper()
	var out k8s.Object
	err := r.each(t.Context(), file, func(_ context.Context, o k8s.Object) error {
		out = o
		return nil
	})
	if err != nil || out == nil {
		t.Fatalf("%s: %v, %v", file, out, err)
	}
	return out
}

func TestEveryKindOfServiceHasItsManifest(t *testing.T) {
	r := Run{ID: "r", Namespace: "ns"}
	for _, kind := range []string{"", facts.KindLocal, facts.KindHairpin, facts.KindAffinity, facts.KindHeadless, facts.KindMany} {
		s, ok := object(t, r, serviceFile(kind)).(*corev1.Service)
		if !ok || s.Name != serviceName(kind) || s.Namespace != "ns" || s.Labels[RunLabel] != "r" || len(s.Spec.Selector) != 0 {
			t.Errorf("%q: %+v", kind, s)
			continue
		}
		nodePort := kind == "" || kind == facts.KindLocal
		headless := kind == facts.KindHeadless || kind == facts.KindMany
		if (s.Spec.Type == corev1.ServiceTypeNodePort) != nodePort || (s.Spec.ClusterIP == corev1.ClusterIPNone) != headless {
			t.Errorf("%q is of type %q with cluster IP %q", kind, s.Spec.Type, s.Spec.ClusterIP)
		}
		if (s.Spec.ExternalTrafficPolicy == "Local") != (kind == facts.KindLocal) || (s.Spec.SessionAffinity == "ClientIP") != (kind == facts.KindAffinity) ||
			(s.Spec.InternalTrafficPolicy != nil) != (kind == facts.KindHairpin) {
			t.Errorf("%q has the policies of another: %+v", kind, s.Spec)
		}
	}
}

func TestProbePodsOfARuntimeClassAreToldFromTheOthers(t *testing.T) {
	plain := object(t, Run{ID: "r", Namespace: "ns"}, "probe.yaml").(*appsv1.DaemonSet)
	kata := object(t, Run{ID: "r", Namespace: "ns"}.OfRuntimeClass("kata.qemu"), "probe.yaml").(*appsv1.DaemonSet)
	if plain.Spec.Template.Spec.RuntimeClassName != nil || plain.Name != "plumbline-probe" {
		t.Errorf("the plain ones became %q of class %v", plain.Name, plain.Spec.Template.Spec.RuntimeClassName)
	}
	spec := kata.Spec.Template.Spec
	if kata.Name != "plumbline-probe-kata.qemu" || *spec.RuntimeClassName != "kata.qemu" || !slices.Contains(spec.Containers[0].Command, "runtime/kata.qemu/$(NODE)") {
		t.Errorf("%q of class %q runs %q", kata.Name, *spec.RuntimeClassName, spec.Containers[0].Command)
	}
	for key, value := range kata.Spec.Selector.MatchLabels {
		if kata.Spec.Template.Labels[key] != value {
			t.Errorf("its own selector does not match %s=%s", key, value)
		}
	}
	if kata.Spec.Selector.MatchLabels["app.kubernetes.io/component"] == plain.Spec.Selector.MatchLabels["app.kubernetes.io/component"] || kata.Labels[RunLabel] != "r" {
		t.Errorf("labels %v, selector %v", kata.Labels, kata.Spec.Selector.MatchLabels)
	}
}

func TestServicesAreCreatedWithTheirSlicesAndReadBack(t *testing.T) {
	set := fake.NewClientset()
	c := &Client{Set: set, Config: &rest.Config{}}
	r := Run{ID: "r", Namespace: "ns"}
	for i, b := range []Backend{
		{Peer: "pod/n1", Node: "n1", Pod: "p1", Addrs: addrs("10.244.1.2", "fd00::2"), Ports: facts.Ports{TCP: 1001, UDP: 1002}},
		{Peer: "pod/n2", Node: "n2", Pod: "p2", Addrs: addrs("10.244.2.2"), Ports: facts.Ports{TCP: 2001, UDP: 2002}},
	} {
		for _, addr := range b.Addrs {
			part := r.backendSlice("", b, addr)
			part.Name = part.GenerateName + string(rune('a'+i)) + string(part.AddressType) // the fake makes no names
			if _, err := set.DiscoveryV1().EndpointSlices("ns").Create(t.Context(), part, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	service := object(t, r, serviceFile("")).(*corev1.Service)
	service.Spec.ClusterIP, service.Spec.ClusterIPs = "10.96.0.7", []string{"10.96.0.7", "fd01::7"}
	if _, err := set.CoreV1().Services("ns").Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	own, err := c.OwnServices(t.Context(), r)
	if err != nil || len(own) != 1 {
		t.Fatalf("own Services %+v, %v", own, err)
	}
	got := own[0]
	if !got.Own || got.Name != "plumbline-echo" || got.Headless || got.Type != "NodePort" || !slices.Equal(got.Addrs, addrs("10.96.0.7", "fd01::7")) || len(got.Ports) != 2 {
		t.Errorf("the Service %+v", got)
	}
	if len(got.Endpoints) != 6 { // two ports of three addresses
		t.Fatalf("endpoints %+v", got.Endpoints)
	}
	if e := got.Endpoints[0]; e.PortName != "tcp" || e.Port != 1001 || e.Node != "n1" || e.Pod != "p1" || !e.Ready || e.Proto != "TCP" {
		t.Errorf("the first endpoint %+v", e)
	}
}

func TestAnEndpointWhoseReadinessIsUnknownIsReady(t *testing.T) {
	no, port, name := false, int32(80), "web"
	got := endpoints(discoveryv1.EndpointSlice{
		Ports: []discoveryv1.EndpointPort{{Name: &name, Port: &port}, {}},
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"10.0.0.1"}},
			{Addresses: []string{"10.0.0.2"}, Conditions: discoveryv1.EndpointConditions{Ready: &no}},
			{Addresses: []string{"host.example"}},
			{},
		},
	})
	if len(got) != 2 || !got[0].Ready || got[1].Ready || got[0].Proto != "TCP" || got[0].PortName != "web" {
		t.Errorf("endpoints %+v", got)
	}
}

func TestTheLargeAnswerIsOfAddressesThatAreNobodys(t *testing.T) {
	for _, c := range []struct {
		family facts.Family
		in     string
	}{{facts.IPv4, "192.0.2.0/24"}, {facts.IPv6, "2001:db8::/64"}} {
		set := fake.NewClientset()
		client := &Client{Set: set, Config: &rest.Config{}}
		// The fake set knows no manifests, so the Service itself is refused; the slice came first.
		got, _ := client.CreateMany(t.Context(), Run{ID: "r", Namespace: "ns"}, c.family)
		parts, err := set.DiscoveryV1().EndpointSlices("ns").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(parts.Items) != 1 || len(parts.Items[0].Endpoints) != manyAddrs || len(got.Addrs) != manyAddrs {
			t.Fatalf("slices %+v, %v", parts.Items, err)
		}
		for _, e := range endpoints(parts.Items[0]) {
			if !netip.MustParsePrefix(c.in).Contains(e.Addr) {
				t.Errorf("%s is not of %s", e.Addr, c.in)
			}
		}
	}
}
