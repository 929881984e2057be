package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/figures"
	specs "github.com/plumbline-net/plumbline/framework/run"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/framework/wire"
)

// dnsReplicas is what kubeadm and most others install.
const dnsReplicas = 2

// dryRun says what a run would do; no cluster is asked for it.
func dryRun(w io.Writer, selected []check.Check, f *runFlags) error {
	if err := listTable(w, selected); err != nil {
		return err
	}
	needs := f.requirement(selected)
	lines := []string{fmt.Sprintf("\n%d checks would be made. In the cluster this creates, and removes afterwards:", len(selected))}
	lines = append(lines, f.objects(needs)...)
	lines = append(lines, "The rights for it: `plumbline preflight` tries each of them, and leaves nothing.", "")
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		return err
	}
	if err := f.expectation(w, needs); err != nil {
		return err
	}
	if says := f.resending(needs); says != "" {
		if _, err := fmt.Fprintln(w, says); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "Nothing was touched: this was a dry run.")
	return err
}

// requirement is what a run with these flags would place, by the rule that the
// run itself places by.
func (f *runFlags) requirement(selected []check.Check) topology.Requirement {
	needs := topology.Required(selected, f.scope())
	if f.unprivileged {
		needs = needs.WithoutHosts()
	}
	return needs
}

// objects are what a run creates, a line each.
func (f *runFlags) objects(needs topology.Requirement) []string {
	var lines []string
	if *f.kube.Namespace == "" {
		lines = append(lines, "  a namespace plumbline-<random>, with pod security level privileged")
	}
	if needs.Hosts {
		lines = append(lines, "  a DaemonSet of node agents: host network and process ids, NET_ADMIN and NET_RAW, the host's files read-only; they only read")
		if f.dropReasons {
			lines = append(lines, "    and BPF and PERFMON, to ask the kernel why it drops packets (--drop-reasons)")
		}
	}
	if needs.Pods {
		lines = append(lines, "  a DaemonSet of probe pods, without privileges")
	}
	if needs.Service {
		lines = append(lines, "  a Service of type NodePort, with one EndpointSlice for each of at most three backends")
	}
	if len(needs.Services) > 0 {
		lines = append(lines, fmt.Sprintf("  %s of the kinds %s, with an EndpointSlice for each backend",
			figures.Count(len(needs.Services), "further Service"), strings.Join(needs.Services, ", ")))
	}
	for _, class := range f.runtimeClasses(needs) {
		lines = append(lines, "  a DaemonSet of probe pods of the RuntimeClass "+class)
	}
	if needs.Policy {
		lines = append(lines, "  where the network plugin may enforce NetworkPolicy, after all other probes: two DaemonSets of pods without privileges,",
			"    and up to three NetworkPolicies in the run's namespace, which select these pods alone")
	}
	if needs.Hosts || needs.Pods {
		lines = append(lines, "  pods of the image "+cmp.Or(f.image, defaultImage))
	}
	if len(lines) == 0 {
		return []string{"  nothing: the API server is only read"}
	}
	return lines
}

// runtimeClasses are those of which probe pods are placed.
func (f *runFlags) runtimeClasses(needs topology.Requirement) []string {
	if !needs.Runtimes {
		return nil
	}
	return f.scope().Config.RuntimeClasses
}

// expectation is a table of probes, exec calls and time by the size of the cluster.
func (f *runFlags) expectation(w io.Writer, needs topology.Requirement) error {
	sizes := []int{3, 10, 100}
	if len(f.nodes) > 0 {
		sizes = []int{len(f.nodes)}
	}
	var lines []string
	row := func(name string, value func(nodes int) string) {
		line := fmt.Sprintf("%-26s", name)
		for _, n := range sizes {
			line += fmt.Sprintf("%12s", value(n))
		}
		lines = append(lines, line)
	}
	count := func(n int) []topology.Count {
		return topology.Expect(needs.Flows, topology.Size{Nodes: n, DNSReplicas: dnsReplicas, Config: f.scope().Config})
	}
	row("expected in a cluster of", func(n int) string { return figures.Count(n, "node") })
	for i, c := range count(1) {
		row(fmt.Sprintf("probes %s → %s", c.From, c.To), func(n int) string { return figures.Grouped(count(n)[i].Probes) })
	}
	row("probes in all", func(n int) string {
		sum := 0
		for _, c := range count(n) {
			sum += c.Probes
		}
		return figures.Grouped(sum)
	})
	execs := needs.ExecsPerNode() + len(f.runtimeClasses(needs))
	row(fmt.Sprintf("exec calls (%d a node)", execs), func(n int) string { return figures.Grouped(n * execs) })
	row("time, about", func(n int) string { return fmt.Sprintf("%.0f s", f.roughly(needs, n).Seconds()) })
	lines = append(lines, "", fmt.Sprintf("Presumed: one IP family, %d replicas of the cluster DNS%s.", dnsReplicas, f.presumedRunner()),
		fmt.Sprintf("A probe is one source and one target; one that fails is made up to %d times.", wire.DefaultTiming().Attempts),
		timeBasis)
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (f *runFlags) presumedRunner() string {
	if f.inCluster == "true" {
		return ""
	}
	return ", a runner outside the cluster that reaches the nodes"
}

const timeBasis = "The time is for a healthy cluster with the image present. Basis: measured, 14 s for all checks on three nodes\n" +
	"(one machine with two cores); the exec calls grow with the nodes, 32 at once. Pulling an image comes on top."

// What the parts of a healthy run took there (stats.phases of its report).
const (
	measuredReading = 200 * time.Millisecond
	measuredPlacing = 1300 * time.Millisecond // one DaemonSet, until its pods are ready
	measuredLook    = 400 * time.Millisecond
	measuredProbing = 4 * time.Second
	measuredRemoval = 6 * time.Second
	measuredLeaving = 5 * time.Second // of it, the wait for the empty namespace, which smoke does without
	execsAtOnce     = 32
)

func (f *runFlags) roughly(needs topology.Requirement, nodes int) time.Duration {
	total := roughly(needs, nodes)
	if f.profile == specs.Smoke && total > measuredRemoval {
		total -= measuredLeaving
	}
	return total
}

// roughly is how long a run takes: pods start on all nodes at once, so only the
// exec calls are a matter of the number of nodes.
func roughly(needs topology.Requirement, nodes int) time.Duration {
	waves := time.Duration((nodes + execsAtOnce - 1) / execsAtOnce)
	total := measuredReading
	if needs.Hosts {
		total += measuredPlacing + waves*measuredLook*time.Duration(1+len(needs.Looks)/2)
	}
	if needs.Pods {
		total += measuredPlacing
	}
	if len(needs.Flows) > 0 {
		total += waves * measuredProbing
	}
	if needs.Hosts || needs.Pods {
		total += measuredRemoval
	}
	return max(total.Round(time.Second), time.Second)
}
