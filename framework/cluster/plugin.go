package cluster

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// Plugin is the DaemonSet by which the CNI was recognised: its agent on every node.
type Plugin struct {
	Namespace, DaemonSet string
	// Container is the one whose log tells of the network.
	Container string
	selector  string
}

// Known says whether a CNI was recognised.
func (p Plugin) Known() bool { return p.DaemonSet != "" }

func pluginOf(set *appsv1.DaemonSet) Plugin {
	out := Plugin{Namespace: set.Namespace, DaemonSet: set.Name, selector: metav1.FormatLabelSelector(set.Spec.Selector)}
	// As `kubectl logs` chooses it (kubectl.kubernetes.io/default-container).
	out.Container = set.Spec.Template.Annotations["kubectl.kubernetes.io/default-container"]
	if containers := set.Spec.Template.Spec.Containers; len(containers) > 0 {
		out.Container = cmp.Or(out.Container, containers[0].Name)
	}
	return out
}

// PluginPods lists the pods of the CNI's agent, and no others that have its labels.
func (c *Client) PluginPods(ctx context.Context, p Plugin) ([]facts.Pod, error) {
	if p.selector == "" || p.selector == "<none>" || p.selector == "<error>" {
		return nil, fmt.Errorf("listing the pods of DaemonSet %s/%s: it has no selector", p.Namespace, p.DaemonSet)
	}
	pods, err := c.Set.CoreV1().Pods(p.Namespace).List(ctx, metav1.ListOptions{LabelSelector: p.selector})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of DaemonSet %s/%s: %w", p.Namespace, p.DaemonSet, err)
	}
	out := []facts.Pod{}
	for i := range pods.Items {
		if pod := podFacts(&pods.Items[i]); pod.Owner == "DaemonSet/"+p.DaemonSet {
			out = append(out, pod)
		}
	}
	sortPods(out)
	return out, nil
}

// The bounds of what is kept of one log: lines, bytes of a line, bytes in all.
const (
	logLines     = 200
	logLineBytes = 1 << 10
	logBytes     = 32 << 10
	// logRead bounds what is asked for. The API server counts from the beginning of
	// the lines asked for, so that less would cut off the end.
	logRead = 1 << 20
)

// PluginLog reads the last lines of one pod's log.
func (c *Client) PluginLog(ctx context.Context, p Plugin, pod facts.Pod) facts.PodLog {
	out := facts.PodLog{Pod: pod.Name, Node: pod.Node}
	lines, most := int64(logLines), int64(logRead)
	raw, err := c.Set.CoreV1().Pods(p.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
		Container: p.Container, TailLines: &lines, LimitBytes: &most,
	}).DoRaw(ctx)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("the kubelet did not answer in time")
		}
		out.NotRun = fmt.Sprintf("reading its log: %v", err)
		return out
	}
	out.Lines = lastLines(raw)
	return out
}

// lastLines keeps the end of a log, in whole lines; a long one is cut.
func lastLines(raw []byte) []string {
	all := bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n"))
	all = all[max(0, len(all)-logLines):]
	from, size := len(all), 0
	for from > 0 {
		size += min(len(all[from-1]), logLineBytes) + 1
		if size > logBytes {
			break
		}
		from--
	}
	var out []string
	for _, line := range all[from:] {
		text := string(bytes.ToValidUTF8(line[:min(len(line), logLineBytes)], []byte("?")))
		if len(line) > logLineBytes {
			text += "…"
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}
