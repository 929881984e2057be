package collect

import (
	"errors"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func TestEveryNodeIsUnderTestOrNamesTheRuleThatLeftItOut(t *testing.T) {
	nodes := func() []facts.Node {
		return []facts.Node{
			{Name: "cp", Taints: []string{"node-role.kubernetes.io/control-plane:NoSchedule"}},
			{Name: "gpu", Taints: []string{"dedicated=gpu:NoSchedule"}},
			{Name: "sick", Taints: []string{"node.kubernetes.io/not-ready:NoExecute"}},
			{Name: "plain"},
		}
	}
	labels := map[string]map[string]string{"plain": {"zone": "1"}}
	for _, c := range []struct {
		name    string
		options Options
		want    string // node=rule;…
	}{
		{"by default control planes are tested and other taints respected", Options{}, "gpu=taint dedicated=gpu:NoSchedule is not tolerated (--taints)"},
		{"all taints can be tolerated", Options{Taints: "all"}, ""},
		{"one taint can be tolerated by value", Options{Taints: "dedicated=gpu:NoSchedule"}, "cp=taint node-role.kubernetes.io/control-plane:NoSchedule is not tolerated (--taints)"},
		{"another value is not tolerated", Options{Taints: "dedicated=db:NoSchedule", Nodes: []string{"gpu", "plain"}}, "cp=not in --nodes;gpu=taint dedicated=gpu:NoSchedule is not tolerated (--taints);sick=not in --nodes"},
		{"a selector leaves out what it does not match", Options{NodeSelector: "zone=1"}, "cp=does not match --node-selector zone=1;gpu=does not match --node-selector zone=1;sick=does not match --node-selector zone=1"},
		{"a system that runs no agents is left out, whatever is asked for", Options{Taints: "all"}, "win=its system is windows: the agents run on Linux only"},
		{"a node can be excluded by name", Options{ExcludeNodes: []string{"gpu", "cp"}}, "cp=--exclude-nodes;gpu=--exclude-nodes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := nodes()
			if strings.Contains(c.want, "windows") {
				list = append(list, facts.Node{Name: "win", System: "windows"})
			}
			if err := exclude(list, labels, c.options); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range list {
				if n.Excluded != "" {
					got = append(got, n.Name+"="+n.Excluded)
				}
			}
			if strings.Join(got, ";") != c.want {
				t.Errorf("got  %q\nwant %q", strings.Join(got, ";"), c.want)
			}
		})
	}
}

func TestASelectionThatCannotBeMeantIsAMistakeOfUsage(t *testing.T) {
	nodes := []facts.Node{{Name: "n1"}, {Name: "n2", Taints: []string{"a:NoSchedule"}}}
	for _, c := range []struct {
		name    string
		options Options
		says    string
	}{
		{"a node that does not exist", Options{Nodes: []string{"n9"}}, `no node "n9"`},
		{"an exclusion that does not exist", Options{ExcludeNodes: []string{"n9"}}, `no node "n9"`},
		{"nothing is left", Options{Nodes: []string{"n2"}}, "no node is left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := exclude(nodes, nil, c.options)
			if choice := new(SelectionError); !errors.As(err, &choice) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestOptionsThatCannotBeMeantAreNamed(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
		says    string
	}{
		{"a taint without an effect", Options{Image: "i", Taints: "dedicated"}, "dedicated"},
		{"a taint with a wrong effect", Options{Image: "i", Taints: "a:Never"}, "a:Never"},
		{"a selector that is none", Options{Image: "i", NodeSelector: "zone in"}, "zone in"},
		{"no image", Options{}, "--image"},
		{"a node wanted and excluded", Options{Image: "i", Nodes: []string{"a"}, ExcludeNodes: []string{"a"}}, `"a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.options.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to name %q", err, c.says)
			}
		})
	}
}
