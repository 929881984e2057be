package collect

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Asked is a flow that somebody wants to see.
type Asked struct {
	// From is a node, pod/NODE (a probe pod there) or NAMESPACE/POD (the probe pod on
	// that pod's node stands for it). To may also be svc/NAMESPACE/NAME or an address.
	From, To string
	// Entry is the node whose NodePort is asked, where To is a Service; empty for its ClusterIP.
	Entry string
	// Port is 0 for the agent's own, the Service's first, or none.
	Port uint16
	// Proto is tcp, udp or icmp; empty for what suits the target.
	Proto string
}

// endKind is what one end of a flow is named by.
type endKind int

const (
	endNode endKind = iota
	endProbe
	endPod
	endService
	endAddress
)

// endpoint is one end as it was named, with what is known of it.
type endpoint struct {
	kind endKind
	text string
	node string // empty for a Service, and for an address that is no node's
	// addrs are those of a pod or of the address that was named.
	addrs   []netip.Addr
	service facts.ClusterService
}

// inPods says whether an end is a probe pod.
func (e endpoint) inPods() bool { return e.kind == endProbe }

// endOf reads an end and finds it in the cluster. What does not exist is a *SelectionError.
func (c *Collector) endOf(ctx context.Context, text string) (endpoint, error) {
	e := endpoint{text: text}
	if addr, err := netip.ParseAddr(text); err == nil {
		e.kind, e.addrs = endAddress, []netip.Addr{addr.Unmap()}
		return e, nil
	}
	first, rest, slashed := strings.Cut(text, "/")
	switch {
	case !slashed:
		e.kind, e.node = endNode, text
	case first == "pod":
		e.kind, e.node = endProbe, rest
	case first == "svc":
		return c.serviceEnd(e, rest)
	default:
		return c.podEnd(ctx, e, first, rest)
	}
	if c.snapshot.Node(e.node) == nil {
		return e, &SelectionError{fmt.Sprintf("there is no node %q in the cluster (it has %s)", e.node, names(c.snapshot.Nodes))}
	}
	return e, nil
}

func (c *Collector) podEnd(ctx context.Context, e endpoint, namespace, name string) (endpoint, error) {
	pod, err := c.client.Pod(ctx, namespace, name)
	if apierrors.IsNotFound(err) {
		return e, &SelectionError{fmt.Sprintf("there is no pod %s in namespace %s", name, namespace)}
	}
	if err != nil {
		return e, err
	}
	if pod.Node == "" || len(pod.Addrs) == 0 {
		return e, &SelectionError{fmt.Sprintf("the pod %s has no node or no address yet (%s)", e.text, pod.Phase)}
	}
	e.kind, e.node, e.addrs = endPod, pod.Node, pod.Addrs
	return e, nil
}

func (c *Collector) serviceEnd(e endpoint, name string) (endpoint, error) {
	e.kind = endService
	for _, s := range c.snapshot.Cluster.Services {
		if s.Namespace+"/"+s.Name != name {
			continue
		}
		if s.Headless || len(s.Addrs) == 0 {
			return e, &SelectionError{fmt.Sprintf("%s has no ClusterIP; trace one of its pods instead", e.text)}
		}
		e.service = s
		return e, nil
	}
	return e, &SelectionError{fmt.Sprintf("there is no Service %q (want svc/NAMESPACE/NAME)", name)}
}

// vantageOf is the place that sends for an end, and a sentence where another
// stands for it.
func (c *Collector) vantageOf(e endpoint) (facts.Vantage, string, error) {
	switch e.kind {
	case endNode:
		return facts.Vantage{Kind: facts.FromHost, Node: e.node}, "", nil
	case endProbe:
		return facts.Vantage{Kind: facts.FromPod, Node: e.node}, "", nil
	case endPod:
		if slices.Contains(c.snapshot.Node(e.node).Internal, e.addrs[0]) {
			return facts.Vantage{Kind: facts.FromHost, Node: e.node}, fmt.Sprintf("%s is in its node's network: the node agent on %s sends for it", e.text, e.node), nil
		}
		return facts.Vantage{Kind: facts.FromPod, Node: e.node}, fmt.Sprintf("a probe pod on %s sends for %s", e.node, e.text), nil
	case endService, endAddress:
	}
	return facts.Vantage{}, "", &SelectionError{fmt.Sprintf("%q cannot send: FROM is a node, pod/NODE or NAMESPACE/POD", e.text)}
}

// nodesOf are the nodes that have to do with an end.
func (c *Collector) nodesOf(e endpoint) []string {
	var out []string
	if e.node != "" {
		out = append(out, e.node)
	}
	for _, b := range e.service.Endpoints {
		out = append(out, b.Node, c.nodeAt(b.Addr))
	}
	for _, a := range e.addrs {
		out = append(out, c.nodeAt(a))
	}
	return out
}

// nodeAt is the node with an InternalIP, or whose pods have such addresses.
func (c *Collector) nodeAt(a netip.Addr) string {
	for _, n := range c.snapshot.Nodes {
		if slices.Contains(n.Internal, a) || slices.ContainsFunc(n.PodCIDRs, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return n.Name
		}
	}
	return ""
}
