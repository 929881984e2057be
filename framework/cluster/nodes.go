package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Nodes lists all nodes, sorted by name, with their labels beside them.
func (c *Client) Nodes(ctx context.Context) ([]facts.Node, map[string]map[string]string, error) {
	list, err := c.Set.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("listing nodes: %w", err)
	}
	labels := map[string]map[string]string{}
	nodes := make([]facts.Node, 0, len(list.Items))
	for i := range list.Items {
		n := &list.Items[i]
		labels[n.Name] = n.Labels
		nodes = append(nodes, nodeFacts(n))
	}
	slices.SortFunc(nodes, func(a, b facts.Node) int { return cmp.Compare(a.Name, b.Name) })
	return nodes, labels, nil
}

func nodeFacts(n *corev1.Node) facts.Node {
	out := facts.Node{
		Name: n.Name, Cordoned: n.Spec.Unschedulable,
		Zone:   n.Labels[corev1.LabelTopologyZone],
		Kernel: n.Status.NodeInfo.KernelVersion, OS: n.Status.NodeInfo.OSImage,
		Kubelet: n.Status.NodeInfo.KubeletVersion, Runtime: n.Status.NodeInfo.ContainerRuntimeVersion,
		PodCIDRs:  prefixes(podCIDRs(n)),
		MachineID: n.Status.NodeInfo.MachineID, SystemUUID: n.Status.NodeInfo.SystemUUID,
		Published: cni.Published(n.Annotations),
		System:    cmp.Or(n.Status.NodeInfo.OperatingSystem, n.Labels[corev1.LabelOSStable]),
		Arch:      n.Status.NodeInfo.Architecture, ProviderID: n.Spec.ProviderID,
	}
	_, out.ControlPlane = n.Labels["node-role.kubernetes.io/control-plane"]
	for key := range n.Labels {
		if distribution.Label(key) {
			out.Marks = append(out.Marks, key)
		}
	}
	slices.Sort(out.Marks)
	for _, a := range n.Status.Addresses {
		if addr, err := netip.ParseAddr(a.Address); err == nil && a.Type == corev1.NodeInternalIP {
			out.Internal = append(out.Internal, addr)
		}
	}
	for _, t := range n.Spec.Taints {
		out.Taints = append(out.Taints, taintText(t))
	}
	for _, k := range n.Status.Conditions {
		out.Conditions = append(out.Conditions, facts.Condition{
			Type: string(k.Type), Status: string(k.Status), Reason: k.Reason, Message: k.Message,
		})
	}
	slices.SortFunc(out.Conditions, func(a, b facts.Condition) int { return cmp.Compare(a.Type, b.Type) })
	slices.Sort(out.Taints)
	return out
}

func podCIDRs(n *corev1.Node) []string {
	if len(n.Spec.PodCIDRs) > 0 {
		return n.Spec.PodCIDRs
	}
	if n.Spec.PodCIDR != "" {
		return []string{n.Spec.PodCIDR}
	}
	return nil
}

func taintText(t corev1.Taint) string {
	if t.Value == "" {
		return fmt.Sprintf("%s:%s", t.Key, t.Effect)
	}
	return fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect)
}

// prefixes parses CIDRs and leaves out what is none.
func prefixes(texts []string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		if p, err := netip.ParsePrefix(strings.TrimSpace(t)); err == nil {
			out = append(out, p)
		}
	}
	return out
}
