package cluster

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestOnlyNodeAgentsOfARunThatAsksForDropReasonsMayLoadPrograms(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		run        Run
		want       []corev1.Capability
	}{
		{"by default", "node.yaml", Run{ID: "r", Namespace: "ns"}, []corev1.Capability{"NET_ADMIN", "NET_RAW"}},
		{"--drop-reasons", "node.yaml", Run{ID: "r", Namespace: "ns", DropReasons: true}, []corev1.Capability{"NET_ADMIN", "NET_RAW", "BPF", "PERFMON"}},
		{"probe pods never", "probe.yaml", Run{ID: "r", Namespace: "ns", DropReasons: true}, nil},
	} {
		set := object(t, tc.run, tc.file).(*appsv1.DaemonSet)
		var got []corev1.Capability
		if c := set.Spec.Template.Spec.Containers[0].SecurityContext; c != nil && c.Capabilities != nil {
			got = c.Capabilities.Add
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
