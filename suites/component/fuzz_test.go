package component

import (
	"net/netip"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// FuzzCNIConfig: whatever lies in the folder, it is a configuration with plugins, or it is said why not.
func FuzzCNIConfig(f *testing.F) {
	for _, seed := range []string{
		`{"name": "cbr0", "cniVersion": "0.3.1", "plugins": [{"type": "flannel", "delegate": {"isDefaultGateway": true}}, {"type": "portmap"}]}`,
		`{"type": "bridge", "ipam": {"subnet": "10.244.1.0/24", "gateway": "10.244.1.1"}}`,
		`{"plugins": []}`, `{"plugins": [3]}`, `{"plugins": "x"}`, `[]`, `null`, `{`, "", `{"type": "x", "a": [[["n1", 1e400]]]}`,
	} {
		f.Add(seed)
	}
	n := facts.Node{Name: "n1", Internal: []netip.Addr{netip.MustParseAddr("10.0.0.11")}, PodCIDRs: []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24")}}
	f.Fuzz(func(t *testing.T, text string) {
		got := parseCNI("10-x.conflist", text, n)
		if (got.Wrong == "") != (len(got.Types) > 0 && got.Plain != "") {
			t.Errorf("%q: wrong %q, plugins %q, content %q", text, got.Wrong, got.Types, got.Plain)
		}
		if got.Wrong == "" {
			if again := parseCNI("10-x.conflist", got.Plain, n); again.Plain != got.Plain {
				t.Errorf("%q is read back as %q", got.Plain, again.Plain)
			}
		}
	})
}

// FuzzLogLine: any line has a message, and a time only if one stands in it.
func FuzzLogLine(f *testing.F) {
	for _, seed := range []string{
		"E0102 02:00:00.000000       1 vxlan_network.go:269] failed", "2026-01-02 03:04:00.000 [ERROR] x", `time="2026-01-02T03:04:05Z" level=fatal`, "E0230 99:00:00.0 1 x] y", "",
	} {
		f.Add(seed)
	}
	run := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, line string) {
		if at, known := writtenAt(line, run); !known && !at.IsZero() {
			t.Errorf("%q: %s, and it is not known", line, at)
		}
		if len(message(line)) > 300 {
			t.Errorf("%q is too long", message(line))
		}
	})
}
