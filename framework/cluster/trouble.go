package cluster

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// AgentPods is one look at the pods of one DaemonSet of a run, by node.
type AgentPods struct {
	ByNode map[string]AgentPod
	// Refused holds what the DaemonSet controller said when it could not create
	// pods at all (admission, quota): it concerns every node without a pod.
	Refused []facts.Event
}

// AgentPod is one agent's pod.
type AgentPod struct {
	facts.Agent
	// Unseen: the pod is bound to its node, and the kubelet there has not taken it up.
	Unseen bool
	// Unscheduled: the scheduler has not looked at the pod.
	Unscheduled bool
	uid         string
}

// Agents lists the pods of a component ("node", "probe", "runtime" with the run of
// its RuntimeClass, or "policy" with that of its class) of a run.
func (c *Client) Agents(ctx context.Context, r Run, component string) (AgentPods, error) {
	selector := fmt.Sprintf("%s=%s,app.kubernetes.io/component=%s", RunLabel, r.ID, component)
	if r.class != "" {
		selector += "," + ClassLabel + "=" + r.class
	}
	if r.policy != "" {
		selector += "," + PolicyLabel + "=" + r.policy
	}
	list, err := c.Set.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return AgentPods{}, fmt.Errorf("listing the agents: %w", err)
	}
	out := AgentPods{ByNode: map[string]AgentPod{}}
	for i := range list.Items {
		p := &list.Items[i]
		node := wantedNode(p)
		if node == "" || p.DeletionTimestamp != nil {
			continue
		}
		agent := AgentPod{uid: string(p.UID)}
		agent.Pod, agent.Addrs, agent.Ready = p.Name, podAddrs(p), podReady(p)
		if !agent.Ready {
			agent.Trouble = stateTrouble(p)
			// The kubelet sets the start time as soon as it has seen the pod.
			agent.Unscheduled = unscheduled(p)
			agent.Unseen = p.Spec.NodeName != "" && p.Status.StartTime == nil
		}
		out.ByNode[node] = agent
	}
	return out, nil
}

// wantedNode is where a DaemonSet's pod belongs: before it is scheduled, its
// node affinity names the node (DaemonSet controller, since Kubernetes 1.17).
func wantedNode(p *corev1.Pod) string {
	if p.Spec.NodeName != "" {
		return p.Spec.NodeName
	}
	if p.Spec.Affinity == nil || p.Spec.Affinity.NodeAffinity == nil ||
		p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, t := range p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, f := range t.MatchFields {
			if f.Key == "metadata.name" && f.Operator == corev1.NodeSelectorOpIn && len(f.Values) == 1 {
				return f.Values[0]
			}
		}
	}
	return ""
}

// stateTrouble is what a pod's own status says of why it is not running.
func stateTrouble(p *corev1.Pod) []facts.Event {
	var out []facts.Event
	for _, k := range p.Status.Conditions {
		if k.Type == corev1.PodScheduled && k.Status == corev1.ConditionFalse {
			out = append(out, facts.Event{Reason: "FailedScheduling", Message: k.Message})
		}
	}
	for _, s := range p.Status.ContainerStatuses {
		switch {
		case s.State.Waiting != nil && s.State.Waiting.Reason != "ContainerCreating" && s.State.Waiting.Reason != "PodInitializing":
			out = append(out, facts.Event{Reason: s.State.Waiting.Reason, Message: s.State.Waiting.Message})
		case s.State.Terminated != nil:
			t := s.State.Terminated
			out = append(out, facts.Event{Reason: cmp.Or(t.Reason, "Terminated"), Message: fmt.Sprintf("exit status %d: %s", t.ExitCode, t.Message)})
		}
	}
	if p.Status.Reason != "" {
		out = append(out, facts.Event{Reason: p.Status.Reason, Message: p.Status.Message})
	}
	return out
}

// AddTrouble adds the warnings which events carry: what the kubelet, the CNI and
// the admission say stands there and nowhere else. One list for all nodes.
func (c *Client) AddTrouble(ctx context.Context, r Run, daemonSet string, pods *AgentPods) error {
	list, err := c.Set.CoreV1().Events(r.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=Warning"})
	if err != nil {
		return fmt.Errorf("listing events of namespace %s: %w", r.Namespace, err)
	}
	byUID := map[string][]facts.Event{}
	for i := range list.Items {
		e := &list.Items[i]
		event := facts.Event{Reason: e.Reason, Message: e.Message, Count: int(e.Count)}
		if e.InvolvedObject.Kind == "DaemonSet" && e.InvolvedObject.Name == daemonSet {
			event.Message = refusal(daemonSet, event.Message)
			pods.Refused = append(pods.Refused, event)
		}
		byUID[string(e.InvolvedObject.UID)] = append(byUID[string(e.InvolvedObject.UID)], event)
	}
	for node, agent := range pods.ByNode {
		if agent.Ready {
			continue
		}
		agent.Trouble = distinct(append(agent.Trouble, byUID[agent.uid]...))
		pods.ByNode[node] = agent
	}
	pods.Refused = distinct(pods.Refused)
	return nil
}

// combined is what the API machinery puts before an event that stands for several.
const combined = "(combined from similar events): "

// refusal is what was said of a pod that was not created, without the name that
// the pod would have had: it is another at every attempt, and the rest the same.
func refusal(daemonSet, message string) string {
	name := regexp.MustCompile(`"` + regexp.QuoteMeta(daemonSet) + `-[a-z0-9]+"`)
	return name.ReplaceAllString(strings.TrimPrefix(message, combined), `"`+daemonSet+`-…"`)
}

// distinct sorts events and keeps one of those that say the same.
func distinct(events []facts.Event) []facts.Event {
	slices.SortFunc(events, func(a, b facts.Event) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message), cmp.Compare(b.Count, a.Count))
	})
	return slices.CompactFunc(events, func(a, b facts.Event) bool { return a.Reason == b.Reason && a.Message == b.Message })
}
