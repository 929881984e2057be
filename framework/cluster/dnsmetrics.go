package cluster

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// The annotations by which Prometheus finds what to scrape (Prometheus
// documentation, the example configuration for Kubernetes).
const (
	scrapePort   = "prometheus.io/port"
	scrapeScheme = "prometheus.io/scheme"
)

// declaredMetrics is the port at which the pods of the cluster DNS declare their
// metrics: a container port of that name (CoreDNS's manifests), the annotation of
// the pod, a port of that name of the Service, or its annotation.
func declaredMetrics(s *corev1.Service, p *corev1.Pod) *facts.DeclaredPort {
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.Protocol != corev1.ProtocolUDP && isMetrics(port.Name) && port.ContainerPort > 0 {
				return declared(p, port.ContainerPort, "container port "+port.Name, p.Annotations)
			}
		}
	}
	if port, ok := annotated(p.Annotations); ok {
		return declared(p, port, "annotation "+scrapePort+" of the pods", p.Annotations)
	}
	for _, port := range s.Spec.Ports {
		if port.Protocol == corev1.ProtocolUDP || !isMetrics(port.Name) {
			continue
		}
		if number := targetPort(p, port); number > 0 {
			return declared(p, number, "port "+port.Name+" of the Service", s.Annotations)
		}
	}
	if port, ok := annotated(s.Annotations); ok {
		return declared(p, port, "annotation "+scrapePort+" of the Service", s.Annotations)
	}
	return &facts.DeclaredPort{}
}

func isMetrics(name string) bool { return name == "metrics" || strings.HasSuffix(name, "-metrics") }

func annotated(all map[string]string) (int32, bool) {
	n, err := strconv.ParseUint(all[scrapePort], 10, 16)
	return int32(n), err == nil && n > 0 //nolint:gosec // 16 bits
}

// targetPort is the port of the pod behind a port of the Service; 0 where the name is not the pod's.
func targetPort(p *corev1.Pod, port corev1.ServicePort) int32 {
	if n := port.TargetPort.IntVal; n > 0 {
		return n
	}
	if port.TargetPort.StrVal == "" {
		return port.Port // the API's default
	}
	for _, c := range p.Spec.Containers {
		for _, own := range c.Ports {
			if own.Name == port.TargetPort.StrVal {
				return own.ContainerPort
			}
		}
	}
	return 0
}

func declared(p *corev1.Pod, port int32, by string, annotations map[string]string) *facts.DeclaredPort {
	return &facts.DeclaredPort{
		Port: uint16(port), By: by, TLS: annotations[scrapeScheme] == "https" || servesTLS(p, port), //nolint:gosec // a port has 16 bits
	}
}

// servesTLS says whether the container that declares the port is given a
// certificate to serve with (kube-rbac-proxy, as OpenShift puts it before CoreDNS).
func servesTLS(p *corev1.Pod, port int32) bool {
	return slices.ContainsFunc(p.Spec.Containers, func(c corev1.Container) bool {
		has := slices.ContainsFunc(c.Ports, func(own corev1.ContainerPort) bool { return own.ContainerPort == port })
		return has && slices.ContainsFunc(slices.Concat(c.Command, c.Args), func(word string) bool {
			word = strings.TrimLeft(word, "-")
			return strings.HasPrefix(word, "tls-cert-file") || strings.HasPrefix(word, "secure-listen-address")
		})
	})
}
