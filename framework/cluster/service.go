package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// serviceName is the name in manifests/agents/service.yaml.
const serviceName = "plumbline-echo"

// Backend is one echo server behind the run's Service.
type Backend struct {
	Peer  string // "pod/n1"
	Node  string
	Pod   string
	Addrs []netip.Addr
	Ports facts.Ports
}

// CreateService makes the run's NodePort Service, and one EndpointSlice per
// backend and family: the ports differ from backend to backend, and the ports of
// an EndpointSlice hold for all its endpoints (Kubernetes: Services without
// selectors). The slices come first, so that no data plane ever learns of a
// Service without endpoints, or with a part of them.
func (c *Client) CreateService(ctx context.Context, r Run, backends []Backend) (facts.Service, error) {
	for _, b := range backends {
		if err := c.createSlices(ctx, r, b); err != nil {
			return facts.Service{}, err
		}
	}
	if err := c.Create(ctx, r, "service.yaml"); err != nil {
		return facts.Service{}, err
	}
	service, err := c.Set.CoreV1().Services(r.Namespace).Get(ctx, serviceName, metav1.GetOptions{})
	if err != nil {
		return facts.Service{}, fmt.Errorf("reading the Service %s/%s back: %w", r.Namespace, serviceName, err)
	}
	return serviceFacts(service, backends), nil
}

func (c *Client) createSlices(ctx context.Context, r Run, b Backend) error {
	for _, addr := range b.Addrs {
		if _, err := c.Set.DiscoveryV1().EndpointSlices(r.Namespace).Create(ctx, r.slice(b, addr), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating the EndpointSlice for %s: %w", b.Peer, err)
		}
	}
	return nil
}

func (r Run) slice(b Backend, addr netip.Addr) *discoveryv1.EndpointSlice {
	kind := discoveryv1.AddressTypeIPv4
	if addr.Is6() {
		kind = discoveryv1.AddressTypeIPv6
	}
	ready := true
	tcp, udp := corev1.ProtocolTCP, corev1.ProtocolUDP
	tcpName, udpName := "tcp", "udp"
	tcpPort, udpPort := int32(b.Ports.TCP), int32(b.Ports.UDP)
	labels := r.labels()
	labels["app.kubernetes.io/name"] = "plumbline"
	labels[discoveryv1.LabelServiceName] = serviceName
	labels[discoveryv1.LabelManagedBy] = "plumbline"
	var owners []metav1.OwnerReference
	if r.Owner != nil {
		owners = append(owners, *r.Owner)
	}
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: serviceName + "-", Namespace: r.Namespace, Labels: labels,
			OwnerReferences: owners,
		},
		AddressType: kind,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{addr.String()}, NodeName: &b.Node,
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: r.Namespace, Name: b.Pod},
		}},
		Ports: []discoveryv1.EndpointPort{
			{Name: &tcpName, Protocol: &tcp, Port: &tcpPort},
			{Name: &udpName, Protocol: &udp, Port: &udpPort},
		},
	}
}

func serviceFacts(service *corev1.Service, backends []Backend) facts.Service {
	out := facts.Service{Name: service.Namespace + "/" + service.Name, ClusterIPs: service.Spec.ClusterIPs}
	for _, p := range service.Spec.Ports {
		port, node := uint16(p.Port), uint16(p.NodePort)
		if p.Protocol == corev1.ProtocolUDP {
			out.UDPPort, out.UDPNodePort = port, node
		} else {
			out.TCPPort, out.TCPNodePort = port, node
		}
	}
	for _, b := range backends {
		out.Backends = append(out.Backends, b.Peer)
	}
	return out
}

// expired tells from a namespace's annotation whether its run is certainly over.
func expired(annotations map[string]string, now int64) bool {
	at, err := strconv.ParseInt(annotations[ExpiresAnnotation], 10, 64)
	return err == nil && at < now
}
