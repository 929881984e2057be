package facts_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestTellsNodesThatAreContainers(t *testing.T) {
	each := map[string]string{"net.core.somaxconn": "4096"}
	machine := map[string]string{"net.core.somaxconn": "4096", "net.core.netdev_max_backlog": "1000"}
	for _, c := range []struct {
		name     string
		provider string
		sysctls  map[string]string
		notRun   string
		want     bool
	}{
		{"a machine of its own", "", machine, "", false},
		{"a network namespace without the machine's settings", "", each, "", true},
		{"kind says so", "kind://docker/demo/demo-worker", machine, "", true},
		{"a cloud's machine", "aws:///eu-central-1a/i-0abc", machine, "", false},
		{"settings that could not be read", "", nil, "", false},
		{"a host that was not looked at", "", each, "no agent", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &facts.Snapshot{
				Nodes: []facts.Node{{Name: "n1", ProviderID: c.provider}},
				Hosts: []facts.HostLook{{Node: "n1", Look: facts.First, Sysctls: c.sysctls, NotRun: c.notRun}},
			}
			if got := s.InContainer("n1"); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestTellsTheEngineOfANode(t *testing.T) {
	for provider, want := range map[string][2]string{
		"kind://docker/demo/demo-worker": {"docker", "demo-worker"},
		"kind://podman/a/a-worker2":      {"podman", "a-worker2"},
		"kind://docker/demo/":            {},
		"kind://":                        {},
		"gce://project/zone/vm":          {},
		"":                               {},
	} {
		command, container, ok := facts.Node{ProviderID: provider}.Engine()
		if ok != (want[0] != "") || ok && (command != want[0] || container != want[1]) {
			t.Errorf("%q: got %q %q %v, want %q", provider, command, container, ok, want)
		}
	}
}
