package cni_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestPoliciesAreReadOutOfComments(t *testing.T) {
	for rule, want := range map[string]cni.PolicyName{
		`-A KUBE-POD-FW-X -m comment --comment "run through nw policy default-deny-all" -j KUBE-NWPLCY-Y`: {Kind: "NetworkPolicy", Name: "default-deny-all"},
		`-A cali-pi-x -m comment --comment "Policy np/knp.default.deny ingress" -j MARK`:                  {Kind: "NetworkPolicy", Namespace: "np", Name: "deny"},
		`-A cali-po-x -m comment --comment "Policy np/default.mine egress"`:                               {Kind: "NetworkPolicy", Namespace: "np", Name: "mine"},
		`-A cali-pi-x -m comment --comment "Policy default.deny-world ingress"`:                           {Kind: "GlobalNetworkPolicy", Name: "deny-world"},
	} {
		if got, ok := cni.PolicyNamed(rule); !ok || got != want {
			t.Errorf("%s: %+v", rule, got)
		}
	}
	if got, ok := cni.PolicyNamed(`-A cali-pri-x -m comment --comment "Profile kns.np ingress"`); ok {
		t.Errorf("a profile is no policy: %+v", got)
	}
}

func TestACompanionMayEnforceWhatThePluginDoesNot(t *testing.T) {
	s := &facts.Snapshot{Cluster: facts.Cluster{CNI: "flannel"}, Hosts: []facts.HostLook{{Node: "n1", Look: facts.First}}}
	if cni.Unenforced(s) == "" {
		t.Error("flannel alone enforces")
	}
	s.Hosts[0].Firewall = []facts.Dump{{Tool: "iptables-nft-save", Text: "*filter\n:KUBE-NWPLCY-DEFAULT - [0:0]\nCOMMIT\n"}}
	if got := cni.Unenforced(s); got != "" {
		t.Error(got)
	}
}
