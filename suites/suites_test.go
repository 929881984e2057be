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
	areas := []string{"node", "reach", "service", "dns", "mtu", "kernel", "pressure", "firewall", "route", "overlay", "component", "egress"}
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

// TestTheFirstChecksAreAllThere keeps one from being forgotten in its area's All.
func TestTheFirstChecksAreAllThere(t *testing.T) {
	for _, id := range []string{
		"node/ready", "node/agent", "node/changed",
		"reach/pod-to-pod", "reach/pod-to-host", "reach/host-to-pod", "reach/host-to-host", "reach/source-ip", "reach/closed-port",
		"service/cluster-ip", "service/api", "service/node-port",
		"dns/replica", "dns/service", "dns/resolv-conf", "mtu/path", "mtu/over-limit",
		"kernel/ip-forward", "kernel/ip-forward-boot", "firewall/chains", "firewall/forward",
		"component/kube-proxy", "component/kube-proxy-priority",
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
