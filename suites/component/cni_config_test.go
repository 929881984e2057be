package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/component"
)

func TestTheConfigurationOfTheNetworkPlugin(t *testing.T) {
	everywhere := func(text func(n facts.Node) string) func(*facts.Snapshot) {
		return func(s *facts.Snapshot) {
			s.Cluster.CNI = "kindnet"
			for i := range s.Hosts {
				n := s.Node(s.Hosts[i].Node)
				s.Hosts[i].CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d", Files: []facts.Text{{Path: "/etc/cni/net.d/10-kindnet.conflist", Text: text(*n)}}}
			}
		}
	}
	judge(t, component.CNIConfig(), []spoiled{
		{
			"a leftover that comes first", check.Warn, beside("n2", "05-calico.conflist", `{"plugins": [{"type": "calico"}]}`),
			"/etc/cni/net.d/05-calico.conflist comes first, and it is of calico, not of flannel",
		},
		{"a leftover that comes later", check.Warn, beside("n2", "99-bridge.conf", `{"type": "bridge"}`), "lies beside 10-flannel.conflist, which counts"},
		{"a broken file that comes first", check.Fail, beside("n2", "05-x.conf", `{"type":`), "comes first and is not valid"},
		{"a broken file that comes later", check.Warn, beside("n2", "99-x.conf", `[]`), "is not valid"},
		{"a kubeconfig beside it", check.Pass, beside("n2", "calico-kubeconfig", ""), ""},
		{"other keys first", check.Pass, func(s *facts.Snapshot) {
			s.Host("n2", facts.Last).CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d", Files: []facts.Text{{Path: "/etc/cni/net.d/10-flannel.conflist", Text: strings.Replace(
				strings.Replace(factstest.FlannelConflist, `"name": "cbr0",`, "", 1), `"plugins"`, `"name": "cbr0", "plugins"`, 1)}}}
		}, "the same, on 3 of 3 nodes"},
		{"another content on one node", check.Warn, func(s *facts.Snapshot) {
			s.Host("n2", facts.Last).CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d", Files: []facts.Text{{
				Path: "/etc/cni/net.d/10-flannel.conflist",
				Text: strings.Replace(factstest.FlannelConflist, `"hairpinMode": true, `, "", 1),
			}}}
		}, "is not that of most nodes"},
		{"each node's own range in it", check.Pass, everywhere(func(n facts.Node) string {
			return fmt.Sprintf(`{"name": "kindnet", "plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": %q}]], "node": %q}}]}`, n.PodCIDRs[0], n.Name)
		}), "on 3 of 3 nodes"},
		{"no file on one node", check.Warn, func(s *facts.Snapshot) { s.Host("n2", facts.Last).CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d"} }, "there is no CNI configuration in /etc/cni/net.d"},
		{"no file anywhere", check.Unknown, func(s *facts.Snapshot) {
			for i := range s.Hosts {
				s.Hosts[i].CNI = &facts.CNIFiles{Dir: "/etc/cni/net.d"}
			}
		}, "may look elsewhere"},
		{"the folder could not be read", check.Unknown, func(s *facts.Snapshot) {
			for i := range s.Hosts {
				s.Hosts[i].CNI, s.Hosts[i].Errors = nil, []facts.Error{{What: "CNI configuration", Says: "permission denied"}}
			}
		}, "permission denied"},
		{"no look", check.Unknown, func(s *facts.Snapshot) { s.Hosts = nil }, "nobody asked it"},
	})
}

func TestTheRightFileIsNotCalledALeftover(t *testing.T) {
	s := factstest.Healthy(3)
	beside("n2", "05-bridge.conf", `{"type": "bridge"}`)(s)
	for _, f := range component.CNIConfig().Evaluate(s).Findings {
		for _, r := range f.Remedy {
			if strings.Contains(r.Command, "mv /etc/cni/net.d/10-flannel.conflist") {
				t.Errorf("%s: %s", f.Says, r.Command)
			}
		}
	}
}
