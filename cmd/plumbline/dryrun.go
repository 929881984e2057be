package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
)

// dryRun says what a run would do; no cluster is asked for it.
func dryRun(w io.Writer, selected []check.Check, f *runFlags) error {
	if err := listTable(w, selected); err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("\n%d checks would be made. In the cluster this creates, and removes afterwards:", len(selected))}
	if f.kube.Namespace == nil || *f.kube.Namespace == "" {
		lines = append(lines, "  a namespace plumbline-<random>, with pod security level privileged")
	}
	if needs(selected, check.NeedHosts, check.NeedHostRead) && !f.unprivileged {
		lines = append(lines, "  a DaemonSet of node agents: host network and process ids, NET_ADMIN and NET_RAW, the host's files read-only; they only read")
	}
	if needs(selected, check.NeedPods, check.NeedService) {
		lines = append(lines, "  a DaemonSet of probe pods, without privileges")
	}
	if needs(selected, check.NeedService) {
		lines = append(lines, "  a Service of type NodePort")
	}
	lines = append(lines, "  image "+cmp.Or(f.image, defaultImage), "Nothing was touched: this was a dry run.")
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func needs(checks []check.Check, any ...check.Need) bool {
	return slices.ContainsFunc(checks, func(c check.Check) bool {
		return slices.ContainsFunc(c.Needs, func(n check.Need) bool { return slices.Contains(any, n) })
	})
}
