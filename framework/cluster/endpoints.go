package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// OwnServices reads the run's own Services back with their endpoints.
func (c *Client) OwnServices(ctx context.Context, r Run) ([]facts.ClusterService, error) {
	labelled := metav1.ListOptions{LabelSelector: RunLabel + "=" + r.ID}
	services, err := c.Set.CoreV1().Services(r.Namespace).List(ctx, labelled)
	if err != nil {
		return nil, fmt.Errorf("listing the run's own Services: %w", err)
	}
	all, err := c.Set.DiscoveryV1().EndpointSlices(r.Namespace).List(ctx, labelled)
	if err != nil {
		return nil, fmt.Errorf("listing the run's own EndpointSlices: %w", err)
	}
	of := map[string][]discoveryv1.EndpointSlice{}
	for _, s := range all.Items {
		name := s.Labels[discoveryv1.LabelServiceName]
		of[name] = append(of[name], s)
	}
	var out []facts.ClusterService
	for i := range services.Items {
		service := clusterService(&services.Items[i], of[services.Items[i].Name])
		service.Own = true
		out = append(out, service)
	}
	sortServices(out)
	return out, nil
}

func clusterService(s *corev1.Service, parts []discoveryv1.EndpointSlice) facts.ClusterService {
	out := facts.ClusterService{
		Namespace: s.Namespace, Name: s.Name, Type: string(s.Spec.Type),
		Headless:      s.Spec.ClusterIP == corev1.ClusterIPNone,
		ExternalLocal: s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal,
		InternalLocal: s.Spec.InternalTrafficPolicy != nil && *s.Spec.InternalTrafficPolicy == corev1.ServiceInternalTrafficPolicyLocal,
	}
	for _, ip := range s.Spec.ClusterIPs {
		if addr, err := netip.ParseAddr(ip); err == nil { // "None" is no address
			out.Addrs = append(out.Addrs, addr)
		}
	}
	for _, p := range s.Spec.Ports {
		out.Ports = append(out.Ports, facts.ServicePort{Name: p.Name, Proto: string(p.Protocol), Port: uint16(p.Port), NodePort: uint16(p.NodePort)})
	}
	for _, slice := range parts {
		out.Endpoints = append(out.Endpoints, endpoints(slice)...)
	}
	sortEndpoints(out.Endpoints)
	return out
}

// endpoints gives one for each address and port. Consumers use the first address
// of an endpoint only, and take an unknown readiness for ready (EndpointSlice API,
// discovery.k8s.io/v1).
func endpoints(slice discoveryv1.EndpointSlice) []facts.Endpoint {
	var out []facts.Endpoint
	for _, e := range slice.Endpoints {
		if len(e.Addresses) == 0 {
			continue
		}
		addr, err := netip.ParseAddr(e.Addresses[0])
		if err != nil {
			continue // a slice of names (FQDN) has no address to be probed
		}
		one := facts.Endpoint{Addr: addr, Ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
		if e.NodeName != nil {
			one.Node = *e.NodeName
		}
		if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
			one.Pod = e.TargetRef.Name
		}
		for _, p := range slice.Ports {
			if p.Port == nil {
				continue
			}
			one.PortName, one.Proto, one.Port = value(p.Name), string(corev1.ProtocolTCP), uint16(*p.Port)
			if p.Protocol != nil {
				one.Proto = string(*p.Protocol)
			}
			out = append(out, one)
		}
	}
	return out
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func sortServices(list []facts.ClusterService) {
	slices.SortFunc(list, func(a, b facts.ClusterService) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

func sortEndpoints(list []facts.Endpoint) {
	slices.SortFunc(list, func(a, b facts.Endpoint) int {
		return cmp.Or(cmp.Compare(a.PortName, b.PortName), a.Addr.Compare(b.Addr), cmp.Compare(a.Port, b.Port))
	})
}
