package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/manifests"
)

// Run is what the objects of one run have in common.
type Run struct {
	ID        string
	Namespace string
	// OwnNamespace: the namespace is made for the run and deleted with it.
	OwnNamespace bool
	// NoWait: once the pods are gone, nobody waits for the namespace, which is told to
	// go and needs five seconds and more for it.
	NoWait bool
	// Owner is the Job's pod or Job, where there is one: deleting it deletes everything.
	Owner *metav1.OwnerReference
	// Expires is when the run is certainly over.
	Expires time.Time

	Image       string
	PullSecrets []string
	Tolerations []corev1.Toleration
	// Except are the excluded nodes: no agent goes there.
	Except []string
	// DropReasons gives the node agents what reading the kernel's own reasons for
	// dropping packets takes (capabilities(7): BPF to load a program, PERFMON to attach
	// it to a tracepoint).
	DropReasons bool
	// class is the RuntimeClass of the probe pods that are created; empty for the
	// cluster's own way of running pods.
	class string
	// policy is the class of the pods of the trial of policies that are created; empty
	// for all others.
	policy string
}

// OfRuntimeClass is the same run, whose probe pods are of a RuntimeClass.
func (r Run) OfRuntimeClass(class string) Run {
	r.class = class
	return r
}

// componentLabel tells the kinds of agents apart (Kubernetes documentation, "Recommended Labels").
const componentLabel = "app.kubernetes.io/component"

// ClassLabel tells the probe pods of a RuntimeClass from those of another.
const ClassLabel = "plumbline.dev/runtime-class"

// labels are the run's own; mutate sets everything a manifest leaves to the run.
func (r Run) labels() map[string]string { return map[string]string{RunLabel: r.ID} }

func (r Run) mutate(object k8s.Object) error {
	if r.Owner != nil && object.GetNamespace() != "" {
		object.SetOwnerReferences([]metav1.OwnerReference{*r.Owner})
	}
	switch o := object.(type) {
	case *corev1.Namespace:
		o.Name = r.Namespace
		o.Annotations = map[string]string{ExpiresAnnotation: strconv.FormatInt(r.Expires.Unix(), 10)}
	case *appsv1.DaemonSet:
		r.mutateDaemonSet(o)
	}
	return nil
}

func (r Run) mutateDaemonSet(o *appsv1.DaemonSet) {
	o.Spec.Selector.MatchLabels[RunLabel] = r.ID
	o.Spec.Template.Labels[RunLabel] = r.ID
	spec := &o.Spec.Template.Spec
	r.mutateClass(o)
	r.mutatePolicy(o)
	for i := range spec.Containers {
		spec.Containers[i].Image = r.Image
	}
	if r.DropReasons && o.Labels[componentLabel] == "node" {
		for i := range spec.Containers {
			more := spec.Containers[i].SecurityContext.Capabilities
			more.Add = append(more.Add, "BPF", "PERFMON")
		}
	}
	for _, s := range r.PullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	spec.Tolerations = r.Tolerations
	if term := r.nodeNames(); term != nil {
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{*term}},
		}}
	}
}

// mutateClass makes the DaemonSet of probe pods one of a RuntimeClass.
func (r Run) mutateClass(o *appsv1.DaemonSet) {
	if r.class == "" {
		return
	}
	o.Name += "-" + r.class
	o.Labels[componentLabel], o.Labels[ClassLabel] = "runtime", r.class
	for _, labels := range []map[string]string{o.Spec.Selector.MatchLabels, o.Spec.Template.Labels} {
		labels[componentLabel], labels[ClassLabel] = "runtime", r.class
	}
	spec := &o.Spec.Template.Spec
	spec.RuntimeClassName = &r.class
	for i := range spec.Containers {
		for j, word := range spec.Containers[i].Command {
			spec.Containers[i].Command[j] = strings.Replace(word, "pod/$(NODE)", "runtime/"+r.class+"/$(NODE)", 1)
		}
	}
}

// mutatePolicy makes the DaemonSet of probe pods one of a class of the trial of
// policies, whose pods answer on a port for each rule.
func (r Run) mutatePolicy(o *appsv1.DaemonSet) {
	if r.policy == "" {
		return
	}
	o.Name = "plumbline-policy-" + r.policy
	o.Labels[componentLabel], o.Labels[PolicyLabel] = "policy", r.policy
	for _, labels := range []map[string]string{o.Spec.Selector.MatchLabels, o.Spec.Template.Labels} {
		labels[componentLabel], labels[PolicyLabel] = "policy", r.policy
	}
	var ports []string
	for _, rule := range facts.PolicyRules() {
		ports = append(ports, strconv.Itoa(int(rule.Port())))
	}
	spec := &o.Spec.Template.Spec
	for i := range spec.Containers {
		for j, word := range spec.Containers[i].Command {
			spec.Containers[i].Command[j] = strings.Replace(word, "pod/$(NODE)", "policy/"+r.policy+"/$(NODE)", 1)
		}
		spec.Containers[i].Command = append(spec.Containers[i].Command, "--ports", strings.Join(ports, ","))
	}
}

// nodeNames selects by the field metadata.name, since a node's hostname label
// may differ from its name. The field takes one value an expression.
func (r Run) nodeNames() *corev1.NodeSelectorTerm {
	var fields []corev1.NodeSelectorRequirement
	for _, name := range r.Except {
		fields = append(fields, corev1.NodeSelectorRequirement{
			Key: "metadata.name", Operator: corev1.NodeSelectorOpNotIn, Values: []string{name},
		})
	}
	if len(fields) == 0 {
		return nil
	}
	return &corev1.NodeSelectorTerm{MatchFields: fields}
}

// Create applies one of the manifests of the agents.
func (c *Client) Create(ctx context.Context, r Run, file string) error {
	objects, err := c.objects()
	if err != nil {
		return err
	}
	create := func(ctx context.Context, object k8s.Object) error { return objects.Create(ctx, object) }
	if err := r.each(ctx, file, create); err != nil {
		return fmt.Errorf("creating the objects of %s in namespace %s: %w", file, r.Namespace, err)
	}
	return nil
}

// each gives the objects of one of the manifests as they are in this run.
func (r Run) each(ctx context.Context, file string, do func(context.Context, k8s.Object) error) error {
	f, err := manifests.Agents.Open("agents/" + file)
	if err != nil {
		return fmt.Errorf("reading the manifest %s: %w", file, err)
	}
	defer func() { _ = f.Close() }()
	options := []decoder.DecodeOption{decoder.MutateLabels(r.labels()), decoder.MutateOption(r.mutate)}
	if file != "namespace.yaml" {
		options = append([]decoder.DecodeOption{decoder.MutateNamespace(r.Namespace)}, options...)
	}
	return decoder.DecodeEach(ctx, f, do, options...)
}
