package policy

import (
	_ "embed" // the explanation page
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/topology"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed enforced.md
var enforcedDoc string

// Enforced is the check policy/enforced.
func Enforced() check.Check {
	return of("policy/enforced", "Network policies are in force on every node soon after they are made, or no policy exists that does nothing.", enforcedDoc, enforced)
}

func enforced(s *facts.Snapshot) check.Result {
	if why := unenforced(s); why != "" {
		return idle(s, why)
	}
	stage, none := stageOf(s, facts.StageDenied)
	if none != nil {
		return *none
	}
	j := judgeStage(s.PolicyTrial, stage, func(c connection) bool { return c.want == topology.Stops })
	j.held = nil
	r := j.result(s, stage, "that a policy denies are stopped")
	if len(r.Findings) == 0 && stage.Settled > slowMillis {
		return check.Conclude(r.Why, []check.Finding{slow(s, stage)})
	}
	return r
}

// slowMillis is when policies that come into force are late: agents write them within
// a second or a few, and a pod that has just started is open until then.
const slowMillis = 15_000

// slow is a plugin that enforces, but late; which node was the last is not measured.
func slow(s *facts.Snapshot, stage *facts.PolicyStage) check.Finding {
	return check.Finding{
		Subject: plugin(s), Nodes: []string{}, Verdict: check.Warn,
		Says: fmt.Sprintf("a policy of the suite was in force on all nodes only after %s; expected within %s. Until then what it denies passes",
			seconds(stage.Settled), seconds(slowMillis)),
		Evidence: []check.Evidence{{
			Source: "trial of network policies, stage " + string(stage.Name),
			Text:   fmt.Sprintf("%d rounds in %s; all connections as the policies say from %s on", stage.Rounds, seconds(stage.Waited), seconds(stage.Settled)),
		}},
		Remedy: []check.Remedy{
			{
				Purpose: check.Find, Text: "Are the nodes short of CPU, or are the network plugin's agents behind? See pressure/load, pressure/cpu and the agents",
				Command: remedies.ShowConfig(s) + "; kubectl top nodes",
			},
			remedies.Again("policy/enforced"),
		},
	}
}

// idle says what policies there are where nothing enforces them.
func idle(s *facts.Snapshot, why string) check.Result {
	for _, k := range kinds(s) {
		if k.Group != kubernetesGroup || k.Count == 0 {
			continue
		}
		names := strings.Join(k.Names[:min(len(k.Names), mostShown)], ", ")
		if k.Count > mostShown {
			names += fmt.Sprintf(" and %d more", k.Count-mostShown)
		}
		verb := "do"
		if k.Count == 1 {
			verb = "does"
		}
		return check.Conclude(why, []check.Finding{{
			Subject: k.Kind, Nodes: []string{}, Verdict: check.Warn,
			Says:     fmt.Sprintf("%s, so that %s in %s %s nothing: %s", why, policies(k.Count), figures.Count(k.Namespaces, "namespace"), verb, names),
			Evidence: []check.Evidence{{Source: "NetworkPolicies of the API server", Text: names}},
			Remedy: []check.Remedy{
				{Purpose: check.Find, Text: "See which policies their authors rely on", Command: "kubectl get networkpolicies -A"},
				{Text: "Install what enforces policies beside this network plugin, or use a plugin that does; before, see what the policies would stop"},
				remedies.Again("policy/*"),
			},
		}})
	}
	return check.Skipf("%s", why)
}

const kubernetesGroup = "networking.k8s.io"

func kinds(s *facts.Snapshot) []facts.PolicyKind {
	if s.Cluster.Policies == nil {
		return nil
	}
	return s.Cluster.Policies.Kinds
}

func policies(n int) string {
	if n == 1 {
		return "1 NetworkPolicy"
	}
	return fmt.Sprintf("%d NetworkPolicies", n)
}
