// Package collect observes a cluster: it places the agents, takes the first look
// before anything else of ours exists, asks every vantage its questions, takes
// the last look, and removes everything again. It concludes nothing.
package collect

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// Options say which cluster is observed, and how.
type Options struct {
	RESTConfig *rest.Config
	Context    string // the kubeconfig's context, for the record
	// Namespace to work in; empty makes one for the run, with a random suffix.
	Namespace string
	// Owner is the Job's pod, so that deleting it deletes what the run created.
	Owner       *metav1.OwnerReference
	Image       string
	PullSecrets []string
	InCluster   bool
	// Nodes, NodeSelector and ExcludeNodes choose the nodes under test.
	Nodes        []string
	NodeSelector string
	ExcludeNodes []string
	// Taints says which taints the agents tolerate: "control-plane" (the default),
	// "all", "none", or a list of key[=value]:Effect.
	Taints string
	// Unprivileged leaves out the node agents: nothing of a host is looked at.
	Unprivileged bool
	// Keep leaves the objects in the cluster afterwards.
	Keep bool
	// NoWait does not wait until the run's own namespace is gone, once its pods are.
	NoWait bool
	// Backends is how many probe pods stand behind the suite's Service: few, since
	// every backend costs every node rules.
	Backends int
	Timing   wire.Timing
	// Timeout bounds the whole observation.
	Timeout time.Duration
	// AgentTimeout bounds the wait for one DaemonSet's pods.
	AgentTimeout time.Duration
	// Parallel is how many exec calls may be under way at once.
	Parallel int
	// Version of the suite; RunID names the run; both for the record.
	Version string
	RunID   string
	// Record of how the result is judged, so that judging again gives the same.
	IgnoreChecks []string
	FailOn       string
	Profile      string
	// Config is what the configuration file asks for; nil for nothing.
	Config *facts.Config
	// Resend says what is worth sending again, from what was observed; nil sends
	// nothing again. The collector itself knows no checks.
	Resend func(*facts.Snapshot) []facts.Trace
	// SaveCapture keeps a capture (pcapng) under a name; nil keeps none.
	SaveCapture func(name string, data []byte) error
	// DropReasons lets the node agents of this run ask the kernel why it throws packets
	// away: it adds the capabilities BPF and PERFMON to them.
	DropReasons bool
	// FactsPath is where facts.json is written before anything is judged; empty writes none.
	FactsPath string
}

// withDefaults fills what is not set.
func (o Options) withDefaults() Options {
	if o.Backends == 0 {
		o.Backends = 3
	}
	if o.Timing == (wire.Timing{}) {
		o.Timing = wire.DefaultTiming()
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Minute
	}
	if o.AgentTimeout == 0 {
		o.AgentTimeout = 90 * time.Second
	}
	if o.Parallel == 0 {
		o.Parallel = 32
	}
	return o
}

// Validate tells of every option that cannot be meant, before the cluster is touched.
func (o Options) Validate() error {
	if _, err := tolerations(o.Taints); err != nil {
		return err
	}
	if _, err := labels.Parse(o.NodeSelector); err != nil {
		return fmt.Errorf("--node-selector %q: %w", o.NodeSelector, err)
	}
	if o.Image == "" {
		return fmt.Errorf("--image is empty: the agents need an image")
	}
	for _, n := range o.Nodes {
		if slices.Contains(o.ExcludeNodes, n) {
			return fmt.Errorf("node %q is both in --nodes and in --exclude-nodes", n)
		}
	}
	return nil
}

// controlPlaneTaints are those which Kubernetes puts on control planes.
var controlPlaneTaints = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// tolerations turns --taints into what the agents tolerate. The DaemonSet
// controller itself adds those for not-ready, unreachable, pressure and cordoned nodes.
func tolerations(taints string) ([]corev1.Toleration, error) {
	switch taints {
	case "", "control-plane":
		var out []corev1.Toleration
		for _, key := range controlPlaneTaints {
			out = append(out, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
		}
		return out, nil
	case "all":
		return []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, nil
	case "none":
		return nil, nil
	}
	var out []corev1.Toleration
	for _, t := range strings.Split(taints, ",") {
		toleration, err := toleration(strings.TrimSpace(t))
		if err != nil {
			return nil, err
		}
		out = append(out, toleration)
	}
	return out, nil
}

func toleration(text string) (corev1.Toleration, error) {
	name, effect, ok := strings.Cut(text, ":")
	known := []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}
	if !ok || name == "" || !slices.Contains(known, corev1.TaintEffect(effect)) {
		return corev1.Toleration{}, fmt.Errorf("--taints %q: want control-plane, all, none, or key[=value]:NoSchedule|PreferNoSchedule|NoExecute, separated by commas", text)
	}
	key, value, valued := strings.Cut(name, "=")
	t := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffect(effect)}
	if valued {
		t.Operator, t.Value = corev1.TolerationOpEqual, value
	}
	return t, nil
}
