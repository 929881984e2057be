package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

const (
	// dnsLabel is what the manifests of the cluster DNS carry nearly everywhere
	// (Kubernetes documentation, "Customizing DNS Service").
	dnsLabel = "k8s-app=kube-dns"
	dnsPort  = 53
)

// clusterDNS finds the Service of the cluster DNS before any pod of ours can tell
// its nameserver: by the label, in any namespace, else by what it serves.
func (d *discovery) clusterDNS() {
	found, err := d.client.dnsServices(d.ctx, dnsLabel)
	by := "label " + dnsLabel
	if err == nil && len(found) == 0 {
		found, err = d.client.dnsServices(d.ctx, "")
		by = "UDP port 53"
	}
	if d.failed("Services of the cluster DNS", err) || len(found) == 0 {
		return
	}
	slices.SortStableFunc(found, func(a, b corev1.Service) int { return cmp.Compare(usualName(a.Name), usualName(b.Name)) })
	d.take(&found[0], by)
}

// usualName ranks Services by the names under which distributions serve the cluster
// DNS; the upstream Service of a node-local cache has the label, too.
func usualName(name string) int {
	usual := []string{"kube-dns", "dns-default", "coredns", "rke2-coredns-rke2-coredns"}
	if i := slices.Index(usual, name); i >= 0 {
		return i
	}
	return len(usual)
}

// dnsServices lists the Services with an address that serve UDP port 53, of all
// namespaces; where that is refused, of kube-system.
func (c *Client) dnsServices(ctx context.Context, selector string) ([]corev1.Service, error) {
	options := metav1.ListOptions{LabelSelector: selector}
	list, err := c.Set.CoreV1().Services(metav1.NamespaceAll).List(ctx, options)
	if apierrors.IsForbidden(err) {
		list, err = c.Set.CoreV1().Services(metav1.NamespaceSystem).List(ctx, options)
	}
	if err != nil {
		return nil, fmt.Errorf("listing Services: %w", err)
	}
	var out []corev1.Service
	for _, s := range list.Items {
		if len(addrPorts(&s, corev1.ProtocolUDP)) > 0 && servesDNS(&s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func servesDNS(s *corev1.Service) bool {
	return slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Protocol == corev1.ProtocolUDP && p.Port == dnsPort })
}

// take makes a Service the cluster DNS, with its endpoints, pods and workload.
func (d *discovery) take(s *corev1.Service, by ...string) {
	d.out.DNS = addrPorts(s, corev1.ProtocolUDP)
	d.out.DNSFound = &facts.DNSFound{Namespace: s.Namespace, Name: s.Name, By: by, Selector: dnsLabel}
	if len(s.Spec.Selector) > 0 {
		d.out.DNSFound.Selector = metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: s.Spec.Selector})
	}
	d.service(s)
	d.dnsPods(s)
	d.dnsWorkload(s)
}

// dnsPods are the pods that the Service selects.
func (d *discovery) dnsPods(s *corev1.Service) {
	d.out.DNSPods = nil
	pods, err := d.client.Set.CoreV1().Pods(s.Namespace).List(d.ctx, metav1.ListOptions{LabelSelector: d.out.DNSFound.Selector})
	if d.failed("pods of the cluster DNS", err) {
		return
	}
	for i := range pods.Items {
		// A replica that is being deleted has left the Service, and may go at any
		// moment: its silence would say nothing.
		if pods.Items[i].DeletionTimestamp == nil {
			d.out.DNSPods = append(d.out.DNSPods, podFacts(&pods.Items[i]))
		}
	}
	sortPods(d.out.DNSPods)
	if len(pods.Items) > 0 {
		d.out.DNSFound.Metrics = declaredMetrics(s, &pods.Items[0])
	}
}

// ByNameserver makes the Service that pods are given as nameserver the cluster DNS
// of these facts, if it is another than the one that was taken before there were
// any pods of ours. The nameservers come in the order of how many pods have them.
func (c *Client) ByNameserver(ctx context.Context, out *facts.Cluster, nameservers []netip.Addr) error {
	is := func(addrs []netip.AddrPort, a netip.Addr) bool {
		return slices.ContainsFunc(addrs, func(d netip.AddrPort) bool { return d.Addr() == a })
	}
	const by = "nameserver of the pods"
	for _, a := range nameservers {
		if is(out.DNS, a) {
			if out.DNSFound != nil && !slices.Contains(out.DNSFound.By, by) {
				out.DNSFound.By = append([]string{by}, out.DNSFound.By...)
			}
			return nil
		}
	}
	services, err := c.dnsServices(ctx, "")
	if err != nil {
		return err
	}
	for _, a := range nameservers {
		i := slices.IndexFunc(services, func(s corev1.Service) bool { return is(addrPorts(&s, corev1.ProtocolUDP), a) })
		if i < 0 {
			continue
		}
		d := &discovery{client: c, ctx: ctx, out: *out}
		if was := out.DNSFound; was != nil {
			d.out.Services = slices.DeleteFunc(slices.Clone(out.Services), func(s facts.ClusterService) bool {
				return s.Namespace == was.Namespace && s.Name == was.Name
			})
		}
		d.out.DNSDeployment = nil
		d.take(&services[i], by)
		sortServices(d.out.Services)
		*out = d.out
		return nil
	}
	return nil
}
