package firewall

import (
	"cmp"
	_ "embed" // the explanation page and the list
	"encoding/json"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

//go:embed security_software.md
var securitySoftwareDoc string

//go:embed security_software.json
var securitySoftwareList []byte

// SecuritySoftware promises that no known host security agent runs.
func SecuritySoftware() check.Check {
	return check.Check{
		ID:       "firewall/security-software",
		Promise:  "No known host security agent, which filters packets below the firewall's rules, runs on a node.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First},
		Doc:      securitySoftwareDoc,
		Evaluate: securitySoftware,
	}
}

func securitySoftware(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	known, err := knownSoftware(s.Configured())
	if err != nil {
		return check.Unknownf("the list of known agents is not readable: %v", err)
	}
	var findings []check.Finding
	for _, n := range nodes {
		running, missing := processesAt(s, n.Name)
		if missing != "" {
			findings = merged(findings, check.Finding{
				Subject: n.Name, Nodes: []string{n.Name}, Verdict: check.Unknown, Says: "its processes are not known: " + missing,
			})
			continue
		}
		for _, k := range known {
			if p, runs := running[commOf(k.Process)]; runs {
				findings = merged(findings, agentFinding(n.Name, k, p))
			}
		}
	}
	return check.Conclude(fmt.Sprintf("on %d of %s none of %d known host security agents runs",
		len(nodes)-withStrangers(nodes, findings), figures.Count(len(nodes), "node"), len(known)), findings)
}

// knownSoftware is the list with what the configuration adds.
func knownSoftware(c facts.Config) ([]facts.SecuritySoftware, error) {
	var list []facts.SecuritySoftware
	if err := json.Unmarshal(securitySoftwareList, &list); err != nil {
		return nil, fmt.Errorf("reading the list of security software: %w", err)
	}
	return append(list, c.SecuritySoftware...), nil
}

// commOf is a process's name as the kernel keeps it: TASK_COMM_LEN is 16 with the
// closing zero (proc_pid_comm(5)). Case is not told apart: packages differ in it.
func commOf(name string) string {
	const longest = 15
	return strings.ToLower(name[:min(len(name), longest)])
}

// processesAt are a node's processes by name, at whichever look saw them.
func processesAt(s *facts.Snapshot, node string) (byName map[string]facts.Process, missing string) {
	missing = "there was no look at the host"
	for _, look := range []facts.Look{facts.First, facts.Last} {
		h := s.Host(node, look)
		switch {
		case h == nil:
		case h.NotRun != "":
			missing = h.NotRun
		case len(h.Processes) == 0: // a host without processes does not exist
			missing = "the look at the host has no list of them"
		default:
			if byName == nil {
				byName = map[string]facts.Process{}
			}
			for _, p := range h.Processes {
				byName[commOf(p.Name)] = p
			}
		}
	}
	if byName != nil {
		return byName, ""
	}
	return nil, missing
}

func agentFinding(node string, k facts.SecuritySoftware, p facts.Process) check.Finding {
	says := fmt.Sprintf("%s runs (process %s)", k.Product, p.Name)
	if k.Effect != "" {
		says += ": it " + strings.TrimPrefix(k.Effect, "it ")
	}
	steps := []check.Remedy{
		{Purpose: check.Find, Text: "See the service that it is of", Node: node, Command: fmt.Sprintf("systemctl status --no-pager %d", p.PID)},
		{Purpose: check.Last, Text: "Agree with its owners on an exception for the pod network, the overlay's port and the container runtime; these are the node's own", Node: node, Command: "ip -br addr; ip -d link show type vxlan; ls /run/containerd /run/crio 2>/dev/null"},
		{Purpose: check.Verify, Text: "Check while it is stopped: this must print nothing; then run this suite again", Node: node, Command: "pgrep -l " + p.Name},
	}
	// ps(1) names the unit of systemd that a process belongs to.
	stop := cmp.Or(k.Stop, fmt.Sprintf("systemctl stop $(ps -o unit= -p %d)", p.PID))
	steps = append(steps, check.Remedy{Text: "To prove that it is the reason, stop it for the time of one run", Node: node, Command: stop})
	return check.Finding{
		Subject: node, Nodes: []string{node}, Verdict: check.Warn, Says: says,
		Evidence: []check.Evidence{{Node: node, Source: "process list", Text: fmt.Sprintf("%s, pid %d", p.Name, p.PID)}},
		Remedy:   steps,
	}
}
