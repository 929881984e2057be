package dns

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/matrix"
)

//go:embed startup.md
var startupDoc string

// Startup is the check dns/startup.
func Startup() check.Check {
	return check.Check{
		ID: "dns/startup", Promise: "In a pod that was just born, the first lookup and the first connection to a Service succeed at once.",
		Level: check.Extended, Needs: []check.Need{check.NeedPods}, Doc: startupDoc, Ask: askStartup, Evaluate: evaluateStartup,
	}
}

// askStartup asks what dns/service and service/api ask anyway: whether that which
// did not work at first worked later.
func askStartup(scope check.Scope) []facts.Flow {
	return slices.Concat(askSmall(scope), askAPI(scope))
}

func askAPI(scope check.Scope) []facts.Flow {
	if !scope.HasDNS || !scope.HasAPI {
		return nil
	}
	return asked(scope.OfAPI().Families, facts.ToAPI, []facts.Via{facts.TLS}, facts.FromPod)
}

// soon is how long, in milliseconds, the first success may take: a lost UDP
// question is asked again after five seconds and a lost SYN after one.
const soon = 1000

// begin is what one node's probe pod met first, of one kind.
type begin struct {
	node, what string
	facts.FirstSuccess
	// later is what the same way gave when the matrix was probed.
	later facts.Outcome
}

func evaluateStartup(s *facts.Snapshot) check.Result {
	if r, none := without(s); none {
		return r
	}
	if len(s.Selected()) == 0 {
		return check.Unknownf("no node was probed")
	}
	begins, unknown := beginsOf(s)
	groups := map[string][]begin{}
	good := 0
	for _, b := range begins {
		kind := b.kind()
		switch kind {
		case "":
			good++
		case notTried:
			why := fmt.Sprintf("%s was not tried: %s", b.what, cmp.Or(b.NotRun, "the probe pod gave no reason"))
			unknown[why] = append(unknown[why], b.node)
		default:
			groups[b.what+kind] = append(groups[b.what+kind], b)
		}
	}
	findings := append(lateFindings(s, groups), unknownStartups(unknown)...)
	slices.SortStableFunc(findings, func(a, b check.Finding) int { return cmp.Compare(rank(a.Verdict), rank(b.Verdict)) })
	return check.Conclude(fmt.Sprintf("%s of %s first lookups and connections succeeded within a second and at the first try%s",
		figures.Grouped(good), figures.Grouped(len(begins)), slowest(begins)), findings)
}

// beginsOf are the first lookup and the first connection of every node's probe
// pod, and the nodes of which they are not known, by reason.
func beginsOf(s *facts.Snapshot) ([]begin, map[string][]string) {
	scope, lookup := check.ScopeOf(s), matrix.Lookup(s)
	later := func(flows []facts.Flow, node, target string) facts.Outcome {
		out := facts.NotRun
		for _, f := range flows {
			if o := lookup(f, facts.Vantage{Kind: facts.FromPod, Node: node}, target); o == facts.OK || out == facts.NotRun {
				out = o
			}
		}
		return out
	}
	var begins []begin
	unknown := map[string][]string{}
	for _, n := range s.Selected() {
		first := n.PodAgent.Startup
		if first == nil {
			why := noStartup(n)
			unknown[why] = append(unknown[why], n.Name)
			continue
		}
		begins = append(begins,
			begin{n.Name, "the first lookup", first.DNS, later(askSmall(scope), n.Name, "dns")},
			begin{n.Name, "the first connection to default/kubernetes", first.Service, later(askAPI(scope), n.Name, "api")})
	}
	return begins, unknown
}

// The kinds of a bad beginning.
const (
	notTried  = "not tried"
	neverEver = "never, nor later"
	neverSoon = "not in time, but later"
	late      = "late"
)

func (b begin) kind() string {
	switch {
	case b.NotRun != "" || b.Tries == 0:
		return notTried
	case b.Millis == 0 && b.later == facts.OK:
		return neverSoon
	case b.Millis == 0:
		return neverEver
	case b.Millis > soon || b.Tries > 1:
		return late
	default:
		return ""
	}
}

func slowest(begins []begin) string {
	worst := 0
	for _, b := range begins {
		worst = max(worst, b.Millis)
	}
	if worst == 0 {
		return ""
	}
	return fmt.Sprintf("; the slowest after %s ms", figures.Grouped(worst))
}

// noStartup is why nothing is known of the first moments of a node's probe pod.
func noStartup(n facts.Node) string {
	switch {
	case n.PodAgent.NotRun != "":
		return "there was no new pod: " + n.PodAgent.NotRun
	case len(n.PodAgent.Trouble) > 0:
		return "the probe pod did not come up: " + n.PodAgent.Trouble[0].Reason + ": " + n.PodAgent.Trouble[0].Message
	default:
		return "the probe pod told nothing of its first moments"
	}
}

func unknownStartups(unknown map[string][]string) []check.Finding {
	var out []check.Finding
	for _, why := range sortedKeys(unknown) {
		nodes := sortedSet(unknown[why])
		out = append(out, check.Finding{
			Subject: listed(nodes), Nodes: nodes, Verdict: check.Unknown,
			Says: fmt.Sprintf("the beginning of a pod on %s is not known: %s", listed(nodes), why),
		})
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
