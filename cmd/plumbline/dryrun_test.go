package main

import (
	"path"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	specs "github.com/plumbline-net/plumbline/framework/run"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/suites"
)

func TestADryRunShowsWhatTheRunWouldPlace(t *testing.T) {
	const nodeAgents, probePods, service, namespace = "DaemonSet of node agents", "DaemonSet of probe pods", "Service of type NodePort", "a namespace plumbline-"
	all := []string{nodeAgents, probePods, service, namespace}
	for _, c := range []struct {
		name    string
		pattern string // of ids
		flags   runFlags
		own     string // the namespace that is given
		want    []string
		says    []string
	}{
		{"all checks need all", "*/*", runFlags{}, "", all, []string{"exec calls (6 a node)", "pod → pod", "runner → nodePort", "image plumbline:dev"}},
		{"a look at hosts needs no pod", "kernel/*", runFlags{}, "", []string{nodeAgents, namespace}, []string{"exec calls (2 a node)"}},
		{"reading the API needs no object", "component/kube-proxy-priority", runFlags{}, "", []string{namespace}, []string{"exec calls (0 a node)"}},
		{"probing pods from hosts needs both, though no Service", "reach/host-to-pod", runFlags{}, "", []string{nodeAgents, probePods, namespace}, []string{"host → pod", "30,000"}},
		{"a given namespace is not made", "reach/pod-to-pod", runFlags{image: "r/p:1"}, "mine", []string{probePods}, []string{"image r/p:1"}},
		{"without host access hosts are left alone", "*/*", runFlags{unprivileged: true}, "", []string{probePods, service, namespace}, []string{"exec calls (3 a node)"}},
		{"in the cluster nobody probes from outside", "service/node-port", runFlags{inCluster: "true"}, "", all, []string{"pod → nodePort"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			selected := slices.DeleteFunc(suites.All(), func(k check.Check) bool {
				fits, err := path.Match(c.pattern, k.ID)
				return !fits || err != nil
			})
			c.flags.kube = kubeFlags()
			*c.flags.kube.Namespace = c.own
			var out strings.Builder
			if err := dryRun(&out, selected, &c.flags); err != nil {
				t.Fatal(err)
			}
			for _, object := range all {
				wanted := strings.Contains(strings.Join(c.want, "\n"), object)
				if strings.Contains(out.String(), object) != wanted {
					t.Errorf("%q wanted: %v\n%s", object, wanted, out.String())
				}
			}
			for _, says := range c.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("it does not say %q\n%s", says, out.String())
				}
			}
			if c.flags.unprivileged && strings.Contains(out.String(), "host →") || c.flags.inCluster == "true" && strings.Contains(out.String(), "runner") {
				t.Errorf("a vantage is counted that will not be there:\n%s", out.String())
			}
		})
	}
}

func TestTheExpectedTimeGrowsWithTheWavesOfExecCalls(t *testing.T) {
	f := runFlags{kube: kubeFlags()}
	needs := f.requirement(suites.All())
	if three, hundred := roughly(needs, 3), roughly(needs, 100); three != roughly(needs, execsAtOnce) || hundred <= three {
		t.Errorf("%s for three nodes, %s for a hundred", three, hundred)
	}
	reading := f.requirement([]check.Check{{Needs: []check.Need{check.NeedAPI}}})
	looking := f.requirement([]check.Check{{Looks: []facts.Look{facts.First}}})
	if roughly(reading, 3) >= roughly(looking, 3) || roughly(looking, 3) >= roughly(needs, 3) {
		t.Errorf("reading %s, looking %s, all %s", roughly(reading, 3), roughly(looking, 3), roughly(needs, 3))
	}
}

func TestWhatIsSentAgainIsToldBeforehand(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags runFlags
		says  []string
		not   string
	}{
		{"the bounds and the rights are told", runFlags{}, []string{"at most five flows", "8 s, 2,000 packets and 4 MiB", "45 s in all", "NET_RAW", "--drop-reasons adds BPF and PERFMON"}, "Nothing is sent again"},
		{"with reasons two capabilities are added", runFlags{dropReasons: true}, []string{"NET_RAW", "BPF and PERFMON are added"}, "is not asked"},
		{"the user does not want it", runFlags{noTrace: true}, []string{"Nothing is sent again with captures", "follows from configuration", "The reason is --no-trace"}, "at most five"},
		{"smoke leaves it out", runFlags{profile: specs.Smoke}, []string{"The reason is --profile smoke"}, "at most five"},
		{"without host access nobody can capture", runFlags{unprivileged: true}, []string{"no node agent is placed"}, "at most five"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.flags.kube = kubeFlags()
			var dry, pre strings.Builder
			if err := dryRun(&dry, suites.All(), &c.flags); err != nil {
				t.Fatal(err)
			}
			p := &preflight{resending: c.flags.resending(c.flags.requirement(suites.All()))}
			if err := p.write(&pre); err != nil {
				t.Fatal(err)
			}
			for from, text := range map[string]string{"the dry run": dry.String(), "preflight": pre.String()} {
				for _, says := range c.says {
					if !strings.Contains(text, says) {
						t.Errorf("%s does not say %q:\n%s", from, says, text)
					}
				}
				if strings.Contains(text, c.not) {
					t.Errorf("%s says %q:\n%s", from, c.not, text)
				}
			}
		})
	}
	f := runFlags{}
	if got := f.resending(topology.Requirement{}); got != "" {
		t.Errorf("a run without probes says %q", got)
	}
}

func TestPreflightTriesTheCapabilitiesThatAreAskedFor(t *testing.T) {
	f := runFlags{kube: kubeFlags(), dropReasons: true}
	p, err := f.examination(t.Context(), connection{config: &rest.Config{Host: "https://127.0.0.1:1"}})
	if err != nil || !p.run.DropReasons || !strings.Contains(p.resending, "BPF") {
		t.Errorf("it would try %+v, %v", p.run, err)
	}
}
