package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Backend is one echo server behind the run's Services.
type Backend struct {
	Peer  string // "pod/n1"
	Node  string
	Pod   string
	Addrs []netip.Addr
	Ports facts.Ports
}

// serviceFile is the manifest of one of the suite's Services; kind is empty for
// the first one, and one of facts.Kind… for the others.
func serviceFile(kind string) string {
	if kind == "" {
		return "service.yaml"
	}
	return "service-" + kind + ".yaml"
}

// serviceName is the name in that manifest.
func serviceName(kind string) string { return "plumbline-" + cmp.Or(kind, "echo") }

// CreateService makes one of the run's Services, and one EndpointSlice per
// backend and family: the ports differ from backend to backend, and the ports of
// an EndpointSlice hold for all its endpoints (Kubernetes: Services without
// selectors). The slices come first, so that no data plane ever learns of a
// Service without endpoints, or with a part of them.
func (c *Client) CreateService(ctx context.Context, r Run, kind string, backends []Backend) (facts.Service, error) {
	var parts []*discoveryv1.EndpointSlice
	for _, b := range backends {
		for _, addr := range b.Addrs {
			parts = append(parts, r.backendSlice(kind, b, addr))
		}
	}
	out, err := c.createService(ctx, r, kind, parts)
	if err != nil {
		return facts.Service{}, err
	}
	for _, b := range backends {
		out.Backends = append(out.Backends, b.Peer)
		if kind == facts.KindHeadless {
			out.Addrs = append(out.Addrs, b.Addrs...)
		}
	}
	slices.SortFunc(out.Addrs, netip.Addr.Compare)
	return out, nil
}

// manyAddrs is how many addresses the large answer has: 100 A records are 1,600
// bytes and more, above the 1,232 that EDNS0 is usually held to (DNS flag day 2020).
const manyAddrs = 100

// CreateMany makes the Service whose DNS answer is large.
func (c *Client) CreateMany(ctx context.Context, r Run, family facts.Family) (facts.Service, error) {
	addr := netip.MustParseAddr("192.0.2.0") // TEST-NET-1 (RFC 5737)
	if family == facts.IPv6 {
		addr = netip.MustParseAddr("2001:db8::") // RFC 3849
	}
	var addrs []netip.Addr
	for range manyAddrs {
		addr = addr.Next()
		addrs = append(addrs, addr)
	}
	port := int32(7)
	part := r.slice(facts.KindMany, addrs, port, port)
	out, err := c.createService(ctx, r, facts.KindMany, []*discoveryv1.EndpointSlice{part})
	out.Addrs = addrs
	return out, err
}

// slicesAtOnce bounds the requests under way: behind one of the Services stands
// every probe pod.
const slicesAtOnce = 16

func (c *Client) createService(ctx context.Context, r Run, kind string, parts []*discoveryv1.EndpointSlice) (facts.Service, error) {
	group, sliced := errgroup.WithContext(ctx)
	group.SetLimit(slicesAtOnce)
	for _, part := range parts {
		group.Go(func() error {
			_, err := c.Set.DiscoveryV1().EndpointSlices(r.Namespace).Create(sliced, part, metav1.CreateOptions{})
			if err != nil {
				return fmt.Errorf("creating an EndpointSlice of %s: %w", serviceName(kind), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return facts.Service{}, err
	}
	if err := c.Create(ctx, r, serviceFile(kind)); err != nil {
		return facts.Service{}, err
	}
	service, err := c.Set.CoreV1().Services(r.Namespace).Get(ctx, serviceName(kind), metav1.GetOptions{})
	if err != nil {
		return facts.Service{}, fmt.Errorf("reading the Service %s/%s back: %w", r.Namespace, serviceName(kind), err)
	}
	return serviceFacts(service, kind), nil
}

func (r Run) backendSlice(kind string, b Backend, addr netip.Addr) *discoveryv1.EndpointSlice {
	out := r.slice(kind, []netip.Addr{addr}, int32(b.Ports.TCP), int32(b.Ports.UDP))
	out.Endpoints[0].NodeName = &b.Node
	out.Endpoints[0].TargetRef = &corev1.ObjectReference{Kind: "Pod", Namespace: r.Namespace, Name: b.Pod}
	return out
}

// slice has addresses of one family, with an endpoint each.
func (r Run) slice(kind string, addrs []netip.Addr, tcpPort, udpPort int32) *discoveryv1.EndpointSlice {
	family := discoveryv1.AddressTypeIPv4
	if addrs[0].Is6() {
		family = discoveryv1.AddressTypeIPv6
	}
	ready := true
	tcp, udp := corev1.ProtocolTCP, corev1.ProtocolUDP
	tcpName, udpName := "tcp", "udp"
	labels := r.labels()
	labels["app.kubernetes.io/name"] = "plumbline"
	labels[discoveryv1.LabelServiceName] = serviceName(kind)
	labels[discoveryv1.LabelManagedBy] = "plumbline"
	out := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{GenerateName: serviceName(kind) + "-", Namespace: r.Namespace, Labels: labels},
		AddressType: family,
		Ports: []discoveryv1.EndpointPort{
			{Name: &tcpName, Protocol: &tcp, Port: &tcpPort},
			{Name: &udpName, Protocol: &udp, Port: &udpPort},
		},
	}
	if kind == facts.KindHeadless || kind == facts.KindMany {
		out.Ports = out.Ports[:1] // as in their manifests
	}
	if r.Owner != nil {
		out.OwnerReferences = []metav1.OwnerReference{*r.Owner}
	}
	for _, addr := range addrs {
		out.Endpoints = append(out.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{addr.String()},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready},
		})
	}
	return out
}

func serviceFacts(service *corev1.Service, kind string) facts.Service {
	out := facts.Service{Name: service.Namespace + "/" + service.Name, Kind: kind}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		out.ClusterIPs = service.Spec.ClusterIPs
	}
	for _, p := range service.Spec.Ports {
		port, node := uint16(p.Port), uint16(p.NodePort)
		if p.Protocol == corev1.ProtocolUDP {
			out.UDPPort, out.UDPNodePort = port, node
		} else {
			out.TCPPort, out.TCPNodePort = port, node
		}
	}
	return out
}

// expired tells from a namespace's annotation whether its run is certainly over.
func expired(annotations map[string]string, now int64) bool {
	at, err := strconv.ParseInt(annotations[ExpiresAnnotation], 10, 64)
	return err == nil && at < now
}
