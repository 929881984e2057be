package cluster

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestTheMetricsPortOfTheClusterDNSIsTheOneThatIsDeclared(t *testing.T) {
	ports := func(p ...corev1.ContainerPort) *corev1.Pod {
		return &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Ports: p}}}}
	}
	dnsPorts := ports(corev1.ContainerPort{Name: "dns", ContainerPort: 5353, Protocol: corev1.ProtocolUDP})
	annotated := ports()
	annotated.Annotations = map[string]string{scrapePort: "9253"}
	behindProxy := ports(corev1.ContainerPort{Name: "metrics", ContainerPort: 9154})
	behindProxy.Spec.Containers[0].Args = []string{"--secure-listen-address=:9154"}
	service := func(a map[string]string, p ...corev1.ServicePort) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: a}, Spec: corev1.ServiceSpec{Ports: p}}
	}
	for _, c := range []struct {
		name    string
		service *corev1.Service
		pod     *corev1.Pod
		want    facts.DeclaredPort
	}{
		{"a port of the container", service(nil), ports(corev1.ContainerPort{Name: "metrics", ContainerPort: 9153}), facts.DeclaredPort{Port: 9153, By: "container port metrics"}},
		{"a Helm chart's port", service(nil), ports(corev1.ContainerPort{Name: "tcp-metrics", ContainerPort: 9153}), facts.DeclaredPort{Port: 9153, By: "container port tcp-metrics"}},
		{"an annotation of the pods", service(nil), annotated, facts.DeclaredPort{Port: 9253, By: "annotation prometheus.io/port of the pods"}},
		{
			"a port of the Service", service(nil, corev1.ServicePort{Name: "metrics", Port: 80, TargetPort: intstr.FromInt32(9353)}), dnsPorts,
			facts.DeclaredPort{Port: 9353, By: "port metrics of the Service"},
		},
		{"an annotation of the Service", service(map[string]string{scrapePort: "9453"}), dnsPorts, facts.DeclaredPort{Port: 9453, By: "annotation prometheus.io/port of the Service"}},
		{"behind a proxy that wants a token", service(nil), behindProxy, facts.DeclaredPort{Port: 9154, TLS: true, By: "container port metrics"}},
		{"none", service(nil, corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}), dnsPorts, facts.DeclaredPort{}},
		{"no port number", service(map[string]string{scrapePort: "70000"}), dnsPorts, facts.DeclaredPort{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := declaredMetrics(c.service, c.pod); *got != c.want {
				t.Errorf("got %+v, want %+v", *got, c.want)
			}
		})
	}
}

func TestTheCorefileIsInTheConfigMapThatThePodsMount(t *testing.T) {
	volume := func(name string, keys ...string) corev1.Volume {
		source := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}
		for _, k := range keys {
			source.Items = append(source.Items, corev1.KeyToPath{Key: k, Path: k})
		}
		return corev1.Volume{VolumeSource: corev1.VolumeSource{ConfigMap: source}}
	}
	for want, volumes := range map[string][]corev1.Volume{
		"coredns": {volume("coredns-custom"), volume("coredns", "Corefile", "NodeHosts")}, "only": {volume("only"), {}}, "": {volume("one"), volume("two")},
	} {
		if got := corefileConfig(&corev1.PodSpec{Volumes: volumes}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
