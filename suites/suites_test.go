package suites_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/suites"
)

func TestEveryCheckIsListedOnceAndInTheOrderOfTheAreas(t *testing.T) {
	areas := []string{"node", "reach", "service", "dns", "mtu", "kernel", "pressure", "firewall", "route", "overlay", "component", "egress", "policy"}
	seen := map[string]bool{}
	at := 0
	for _, c := range suites.All() {
		if seen[c.ID] {
			t.Errorf("%s is listed twice", c.ID)
		}
		seen[c.ID] = true
		i := slices.Index(areas, c.Area())
		if i < at {
			t.Errorf("%s stands out of order", c.ID)
		}
		at = i
	}
}

// TestTheWholeCatalogueIsThere keeps a promise from being forgotten in its area's All.
func TestTheWholeCatalogueIsThere(t *testing.T) {
	for _, id := range []string{
		"node/ready", "node/agent", "node/pod-cidr", "node/address", "node/changed", "node/duplicate-address",
		"reach/pod-to-pod", "reach/pod-to-host", "reach/host-to-pod", "reach/host-to-host", "reach/source-ip", "reach/gateway",
		"reach/quality", "reach/closed-port", "reach/runtime-class",
		"service/cluster-ip", "service/api", "service/node-port", "service/node-port-local", "service/programmed", "service/convergence",
		"service/hairpin", "service/affinity", "service/headless", "service/large-transfer", "service/listening",
		"dns/replica", "dns/service", "dns/metrics", "dns/resolv-conf", "dns/records", "dns/latency", "dns/truncation", "dns/startup",
		"dns/external", "dns/spread",
		"mtu/path", "mtu/over-limit", "mtu/overlay", "mtu/uniform",
		"kernel/ip-forward", "kernel/ip-forward-boot", "kernel/bridge-nf", "kernel/rp-filter", "kernel/arp-cache",
		"pressure/conntrack", "pressure/listen-queue", "pressure/socket-buffers", "pressure/ports", "pressure/interfaces", "pressure/load",
		"pressure/cpu",
		"firewall/chains", "firewall/forward", "firewall/input", "firewall/drops", "firewall/backends", "firewall/masquerade",
		"firewall/services", "firewall/security-software",
		"route/pod-cidr", "route/stale", "route/conflict", "route/lookup",
		"overlay/local-address", "overlay/neighbor", "overlay/fdb", "overlay/port", "overlay/leftover", "overlay/checksum", "overlay/pod-mac",
		"component/kube-proxy", "component/kube-proxy-priority", "component/cni", "component/cni-config", "component/dns", "component/evictions",
		"egress/targets", "egress/trace",
		"policy/enforced", "policy/ingress-deny", "policy/egress-deny", "policy/allow-pods", "policy/allow-namespace", "policy/allow-port",
		"policy/allow-ipblock", "policy/dns", "policy/removed",
	} {
		if _, ok := suites.ByID(id); !ok {
			t.Errorf("%s is not listed", id)
		}
	}
}

func TestEveryCheckIsWhole(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z]+/[a-z]+(-[a-z]+)*$`)
	for _, c := range suites.All() {
		if !shape.MatchString(c.ID) {
			t.Errorf("%q is not area/kebab-name", c.ID)
		}
		if !strings.HasSuffix(c.Promise, ".") || strings.Count(c.Promise, ". ") > 0 || strings.Contains(c.Promise, "\n") {
			t.Errorf("%s: the promise is not one sentence: %q", c.ID, c.Promise)
		}
		if first, _, _ := strings.Cut(c.Doc, "\n"); first != "# "+c.ID {
			t.Errorf("%s: its page begins with %q", c.ID, first)
		}
		if c.Evaluate == nil || len(c.Needs) == 0 {
			t.Errorf("%s has no Evaluate or no Needs", c.ID)
		}
		if !slices.Contains([]check.Level{check.Core, check.Extended, check.OptIn}, c.Level) {
			t.Errorf("%s: level %q", c.ID, c.Level)
		}
	}
}
