package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Pod reads one pod.
func (c *Client) Pod(ctx context.Context, namespace, name string) (facts.Pod, error) {
	p, err := c.Set.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return facts.Pod{}, fmt.Errorf("reading the pod %s/%s: %w", namespace, name, err)
	}
	return podFacts(p), nil
}

func podFacts(p *corev1.Pod) facts.Pod {
	out := facts.Pod{
		Namespace: p.Namespace, Name: p.Name, Node: p.Spec.NodeName, Phase: string(p.Status.Phase),
		Addrs: podAddrs(p), Ready: podReady(p), PriorityClass: p.Spec.PriorityClassName,
		Reason: p.Status.Reason, Message: p.Status.Message, Terminating: p.DeletionTimestamp != nil,
	}
	if p.Status.StartTime != nil {
		out.Started = p.Status.StartTime.UTC()
	}
	for _, o := range p.OwnerReferences {
		out.Owner = o.Kind + "/" + o.Name
	}
	for _, c := range p.Spec.Containers {
		out.Images = append(out.Images, c.Image)
	}
	for _, s := range p.Status.ContainerStatuses {
		out.Restarts += int(s.RestartCount)
		if w := s.State.Waiting; w != nil && out.Reason == "" {
			out.Reason, out.Message = w.Reason, w.Message
		}
	}
	return out
}

func podAddrs(p *corev1.Pod) []netip.Addr {
	var out []netip.Addr
	for _, ip := range p.Status.PodIPs {
		if addr, err := netip.ParseAddr(ip.IP); err == nil {
			out = append(out, addr)
		}
	}
	return out
}

// podReady is the pod's own condition; a pod that is being deleted is not.
func podReady(p *corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func sortPods(pods []facts.Pod) {
	slices.SortFunc(pods, func(a, b facts.Pod) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Name, b.Name))
	})
}
