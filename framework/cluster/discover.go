package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Discover reads what the cluster says of itself, one list of each kind, and of
// the Services that are named ("namespace/name"). A list that is refused costs its
// own facts only and stands in Errors.
func (c *Client) Discover(ctx context.Context, nodes []facts.Node, named []string) (facts.Cluster, Plugin) {
	d := &discovery{client: c, ctx: ctx, out: facts.Cluster{Server: c.Config.Host}}
	d.identity()
	d.apiGroups()
	d.services(named)
	d.workloads()
	d.configuration(nodes)
	d.families(nodes)
	events, errs := c.Events(ctx, d.plugin)
	d.out.Events, d.out.Errors = events, append(d.out.Errors, errs...)
	return d.out, d.plugin
}

type discovery struct {
	client *Client
	ctx    context.Context
	out    facts.Cluster
	plugin Plugin
}

// failed notes what could not be read. Absence is an answer, not a failure.
func (d *discovery) failed(what string, err error) bool {
	if err == nil {
		return false
	}
	if !apierrors.IsNotFound(err) {
		d.out.Errors = append(d.out.Errors, facts.Error{What: what, Says: err.Error()})
	}
	return true
}

func (d *discovery) identity() {
	if v, err := d.client.Set.Discovery().ServerVersion(); !d.failed("version of the API server", err) {
		d.out.Version = v.GitVersion
	}
	ns, err := d.client.Set.CoreV1().Namespaces().Get(d.ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if !d.failed("namespace kube-system", err) {
		d.out.UID = string(ns.UID)
	}
}

// apiGroups keeps the groups by which a distribution is recognised. No right is
// asked for it: everybody who is known to the API server may read them.
func (d *discovery) apiGroups() {
	groups, err := d.client.Set.Discovery().ServerGroups()
	if d.failed("API groups", err) {
		return
	}
	for _, g := range groups.Groups {
		if distribution.Group(g.Name) {
			d.out.APIGroups = append(d.out.APIGroups, g.Name)
		}
	}
	slices.Sort(d.out.APIGroups)
}

func (d *discovery) services(named []string) {
	core := d.client.Set.CoreV1()
	if api, err := core.Services(metav1.NamespaceDefault).Get(d.ctx, "kubernetes", metav1.GetOptions{}); !d.failed("Service default/kubernetes", err) {
		d.out.API = addrPorts(api, corev1.ProtocolTCP)
		d.service(api)
	}
	d.clusterDNS()
	for _, full := range named {
		namespace, name, _ := strings.Cut(full, "/")
		known := func(s facts.ClusterService) bool { return s.Namespace == namespace && s.Name == name }
		if slices.ContainsFunc(d.out.Services, known) {
			continue
		}
		if service, err := core.Services(namespace).Get(d.ctx, name, metav1.GetOptions{}); !d.failed("Service "+full, err) {
			d.service(service)
		}
	}
	sortServices(d.out.Services)
}

// service adds one with its endpoints. Without them it is left out: a Service
// that seems to have none would be judged as one that has none.
func (d *discovery) service(s *corev1.Service) {
	full := s.Namespace + "/" + s.Name
	parts, err := d.client.Set.DiscoveryV1().EndpointSlices(s.Namespace).List(d.ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + s.Name})
	if d.failed("EndpointSlices of "+full, err) {
		return
	}
	d.out.Services = append(d.out.Services, clusterService(s, parts.Items))
}

func addrPorts(s *corev1.Service, proto corev1.Protocol) []netip.AddrPort {
	i := slices.IndexFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Protocol == proto })
	if i < 0 {
		return nil
	}
	var out []netip.AddrPort
	for _, ip := range s.Spec.ClusterIPs {
		if addr, err := netip.ParseAddr(ip); err == nil {
			out = append(out, netip.AddrPortFrom(addr, uint16(s.Spec.Ports[i].Port)))
		}
	}
	return out
}

func (d *discovery) families(nodes []facts.Node) {
	var v4, v6 bool
	note := func(a netip.Addr) {
		if a.Unmap().Is4() {
			v4 = true
		} else {
			v6 = true
		}
	}
	for _, n := range nodes {
		for _, p := range n.PodCIDRs {
			note(p.Addr())
		}
	}
	// Where pods get their addresses from elsewhere, those of the Services tell.
	if !v4 && !v6 {
		for _, a := range d.out.API {
			note(a.Addr())
		}
	}
	if v4 {
		d.out.Families = append(d.out.Families, facts.IPv4)
	}
	if v6 {
		d.out.Families = append(d.out.Families, facts.IPv6)
	}
}

// Reachable makes the one request that tells whether there is an API server to
// talk to, and whether we may list nodes at all.
func (c *Client) Reachable(ctx context.Context) error {
	_, err := c.Set.CoreV1().Nodes().List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return fmt.Errorf("asking the API server at %s for its nodes: %w", c.Config.Host, err)
	}
	return nil
}
