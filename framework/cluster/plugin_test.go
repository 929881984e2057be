package cluster

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	ktesting "k8s.io/client-go/testing"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestWhatFlannelPublishesIsRead(t *testing.T) {
	const at = "flannel.alpha.coreos.com/"
	for _, c := range []struct {
		name        string
		annotations map[string]string
		want        *facts.Published
	}{
		{"another's", map[string]string{"example.org/address": "10.0.0.1/24"}, nil},
		{
			"VXLAN of one family",
			map[string]string{at + "backend-type": "vxlan", at + "public-ip": "10.0.0.1", at + "backend-data": `{"VNI":1,"VtepMAC":"5e:35:e9:1c:60:bb"}`},
			&facts.Published{Backend: "vxlan", Addrs: addrs("10.0.0.1"), MAC: "5e:35:e9:1c:60:bb", VNI: 1},
		},
		{
			"VXLAN of both",
			map[string]string{
				at + "backend-type": "vxlan", at + "public-ip": "10.0.0.1", at + "public-ipv6": "fd00::1",
				at + "backend-data": `{"VNI":1,"VtepMAC":"aa:aa:aa:aa:aa:aa"}`, at + "backend-v6-data": `{"VNI":1,"VtepMAC":"bb:bb:bb:bb:bb:bb"}`,
			},
			&facts.Published{Backend: "vxlan", Addrs: addrs("10.0.0.1", "fd00::1"), MAC: "aa:aa:aa:aa:aa:aa", MAC6: "bb:bb:bb:bb:bb:bb", VNI: 1},
		},
		{
			"host-gw has no data",
			map[string]string{at + "backend-type": "host-gw", at + "public-ip": "10.0.0.1", at + "backend-data": "null"},
			&facts.Published{Backend: "host-gw", Addrs: addrs("10.0.0.1")},
		},
		{
			"what cannot be read is left out",
			map[string]string{at + "backend-type": "vxlan", at + "public-ip": "here", at + "backend-data": `{"VNI":"one"}`},
			&facts.Published{Backend: "vxlan"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cni.Published(c.annotations)
			if got == nil || c.want == nil {
				if got != c.want {
					t.Fatalf("published %+v, want %+v", got, c.want)
				}
				return
			}
			if !slices.Equal(got.Addrs, c.want.Addrs) || got.Backend != c.want.Backend || got.MAC != c.want.MAC || got.MAC6 != c.want.MAC6 || got.VNI != c.want.VNI {
				t.Errorf("published %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheEndOfALogIsKeptInWholeLines(t *testing.T) {
	many := strings.Repeat("a line of flannel\n", 5000)
	if got := lastLines([]byte(many)); len(got) != logLines {
		t.Errorf("%d lines of many", len(got))
	}
	long := strings.Repeat("x", 5000)
	got := lastLines([]byte(strings.Repeat(long+"\n", 100) + "the end\n"))
	size := len(strings.Join(got, "\n"))
	if got[len(got)-1] != "the end" || size > logBytes+len(got)*4 || len(got[0]) > logLineBytes+4 || !strings.HasSuffix(got[0], "…") {
		t.Errorf("%d lines of %d bytes; the last is %q", len(got), size, got[len(got)-1])
	}
	if got := lastLines(nil); len(got) != 0 {
		t.Errorf("an empty log: %q", got)
	}
}

func TestEventsOfDisturbancesAreKeptAndOthersAreNot(t *testing.T) {
	event := func(name, ns, reason string, change func(*corev1.Event)) *corev1.Event {
		e := &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Reason: reason, Message: "m",
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "p-" + name, Namespace: ns}, Source: corev1.EventSource{Host: "n1"},
		}
		if change != nil {
			change(e)
		}
		return e
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	set := fake.NewClientset(
		event("a", "kube-system", "Evicted", func(e *corev1.Event) { e.LastTimestamp, e.Count = metav1.NewTime(at), 2 }),
		event("b", "kube-system", "Pulled", nil),
		event("c", "kube-flannel", "FailedScheduling", func(e *corev1.Event) {
			e.EventTime = metav1.NewMicroTime(at)
			e.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(at.Add(time.Minute))}
		}),
		event("d", "shop", "Evicted", nil),
	)
	c := &Client{Set: set, Config: &rest.Config{}}
	got, errs := c.Events(t.Context(), Plugin{Namespace: "kube-flannel", DaemonSet: "kube-flannel-ds"})
	if len(errs) != 0 || len(got) != 2 {
		t.Fatalf("events %+v, errors %v", got, errs)
	}
	if e := got[0]; e.Object != "Pod/p-c" || e.Count != 7 || !e.Last.Equal(at.Add(time.Minute)) || e.Node != "n1" {
		t.Errorf("the series: %+v", e)
	}
	if e := got[1]; e.Object != "Pod/p-a" || e.Reason != "Evicted" || e.Count != 2 || !e.Last.Equal(at) {
		t.Errorf("the eviction: %+v", e)
	}
	set.PrependReactor("list", "events", func(ktesting.Action) (bool, runtime.Object, error) { return true, nil, context.DeadlineExceeded })
	if _, errs := c.Events(t.Context(), Plugin{}); len(errs) != 1 || errs[0].What != "events of kube-system" {
		t.Errorf("refused: %v", errs)
	}
}
