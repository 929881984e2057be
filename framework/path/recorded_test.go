package path_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/golden"
	"github.com/plumbline-net/plumbline/framework/path"
)

// TestRecordedFlows judges what framework/capture saw of real flows between two
// network namespaces with a bridge, a VXLAN device and a pod each, in which one
// thing was broken at most. The only backend of the Service is the pod of node b.
// Those that begin with lab- are of a cluster of three nodes with kubeadm and flannel,
// cut to what a path is made of.
func TestRecordedFlows(t *testing.T) {
	cases := []struct {
		name    string
		outcome path.Outcome
		place   string
		blames  string // where it is not the place
	}{
		{"healthy", path.Whole, "", ""},
		{"cluster-ip", path.Whole, "", ""},
		{"cluster-ip-flushed", path.Vanished, "service-translation at a", ""},
		{"fdb-wrong", path.Vanished, "receiver-tunnel at b", "sender-tunnel at a"},
		{"forward-off", path.Vanished, "receiver-host at b", ""},
		{"forward-reject", path.Vanished, "receiver-host at b", ""},
		{"input-vxlan-drop", path.Vanished, "receiver-tunnel at b", ""},
		{"mtu-hole", path.BlackHole, "receiver-tunnel at b", ""},
		{"nothing-listens", path.Refused, "receiver-pod at b", ""},
		{"pod-drops", path.Unanswered, "receiver-pod at b", ""},
		{"route-missing", path.Vanished, "sender-host at a", ""},
		{"rp-filter", path.Vanished, "receiver-host at b", ""},
		{"sender-forward-off", path.Vanished, "sender-host at a", ""},
		{"two-addresses", path.Vanished, "receiver-tunnel at b", "sender-tunnel at a"},
		{"udp-nothing-listens", path.Refused, "receiver-pod at b", ""},
		{"answer-dropped", path.Vanished, "answer-sender-host at a", ""},
		{"host-cluster-ip", path.Whole, "", ""},
		{"host-node-port-and-back", path.Whole, "", ""},
		{"host-to-own-host", path.Whole, "", ""},
		{"host-to-pod", path.Whole, "", ""},
		{"pod-node-port-backend-there", path.Whole, "", ""},
		{"pod-own-node-port", path.Whole, "", ""},
		{"pod-to-host", path.Whole, "", ""},
		{"udp-lossy", path.Lossy, "receiver-host at b", ""},
		{"lab-dns-replica-dead", path.Vanished, "receiver-host at e2e-worker2", ""},
		{"lab-dns-tcp-dead", path.Vanished, "receiver-host at e2e-worker", ""},
		{"lab-fdb-wrong", path.Vanished, "answer-receiver-tunnel at e2e-worker2", ""},
		{"lab-hairpin-off", path.Vanished, "sender-bridge at e2e-worker2", ""},
		{"lab-input-nodeport-drop", path.Vanished, "entry-host at e2e-worker2", ""},
		{"lab-kube-proxy-gone", path.Vanished, "service-translation at e2e-worker2", ""},
		{"lab-mtu-black-hole", path.BlackHole, "answer-sender-tunnel at e2e-worker2", ""},
		{"lab-native-nft-drop", path.Vanished, "receiver-host at e2e-worker2", ""},
		{"lab-neigh-wrong", path.Vanished, "answer-receiver-tunnel at e2e-worker2", ""},
		{"lab-pod-mac-wrong", path.Unanswered, "receiver-bridge at e2e-worker2", ""},
		{"lab-policy-rule", path.Vanished, "answer-receiver-host at e2e-worker2", ""},
		{"lab-tunnel-leftover", path.Vanished, "answer-receiver-host at e2e-worker2", ""},
		{"lab-vxlan-port-taken", path.Vanished, "receiver-tunnel at e2e-worker2", ""},
	}
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) != len(cases) {
		t.Errorf("%d recordings, %d are judged (%v)", len(files), len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := "testdata/recorded/" + c.name + ".json"
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var r struct {
				Snapshot facts.Snapshot `json:"snapshot"`
				Trace    facts.Trace    `json:"trace"`
			}
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			p := path.Build(&r.Snapshot, r.Trace)
			if c.blames == "" {
				c.blames = c.place
			}
			v := p.Verdict
			if v.Outcome != c.outcome || v.Place.String() != c.place || v.Blames.String() != c.blames {
				t.Errorf("got %q, %q, %q: %s", v.Outcome, v.Place, v.Blames, v.Says)
			}
			golden.File(t, strings.TrimSuffix(file, ".json")+".txt", []byte(shown(p)), *update)
			drawn(t, p)
		})
	}
}
