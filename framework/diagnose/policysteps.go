package diagnose

import (
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// evidenceOfPolicy is a policy as the API server holds it.
func evidenceOfPolicy(p facts.Policy) check.Evidence {
	says := "it selects " + p.Selector
	for _, d := range []struct {
		word string
		is   facts.Restriction
	}{{"ingress", p.Ingress}, {"egress", p.Egress}} {
		switch d.is {
		case facts.RestrictAll:
			says += ", " + d.word + ": none is permitted"
		case facts.RestrictRules:
			says += ", " + d.word + ": by its rules"
		}
	}
	if p.Late {
		says += "; it was made while the suite probed"
	}
	return check.Evidence{Source: p.Plain(), Text: says}
}

// policySteps never delete a policy: it is meant, and who made it decides. They show
// it, permit the suite's own pods for a run, or run in another namespace.
func policySteps(s *facts.Snapshot, list []facts.Policy) []check.Remedy {
	var out []check.Remedy
	admin := false
	for _, p := range list[:min(len(list), mostPolicies)] {
		out = append(out, check.Remedy{Purpose: check.Find, Text: "Read the policy.", Command: showPolicy(p)})
		admin = admin || p.Namespace == ""
	}
	if len(list) == 0 {
		out = append(out, check.Remedy{
			Purpose: check.Find, Text: "List the policies that may select the suite's pods.",
			Command: "kubectl get networkpolicies -A; kubectl api-resources -o name | grep -iE 'polic(y|ies)\\.' | xargs -n1 kubectl get -A",
		})
	}
	ns := s.Run.Namespace
	if admin {
		out = append(out, check.Remedy{Text: "Except the suite's namespace from the policy that applies to the whole cluster, or " +
			"let it permit pods with the label app.kubernetes.io/name=plumbline, together with whoever made it."})
	} else {
		out = append(out, check.Remedy{
			Text:    "Permit the suite's own pods for the time of a run: policies add up, so that this one opens nothing for other pods.",
			Command: permitPods(ns),
		})
	}
	return append(out,
		check.Remedy{Text: "Or run the suite in a namespace that no policy selects.", Command: "kubectl create namespace plumbline-acceptance && plumbline run --namespace plumbline-acceptance"},
		check.Remedy{Purpose: check.Verify, Text: "Run the suite again: it says before it probes which policies select its pods.", Command: "plumbline run --checks 'reach/*'"},
	)
}

// mostPolicies bounds the policies that the steps show.
const mostPolicies = 3

func showPolicy(p facts.Policy) string {
	resource := p.Resource
	if resource == "" {
		resource = strings.ToLower(p.Kind)
	}
	if p.Group != "" {
		resource += "." + p.Group
	}
	if p.Namespace == "" {
		return fmt.Sprintf("kubectl get %s %s -o yaml", resource, p.Name)
	}
	return fmt.Sprintf("kubectl -n %s get %s %s -o yaml", p.Namespace, resource, p.Name)
}

// permitPods makes a policy of Kubernetes that permits everything for the suite's pods
// alone. It is one line, so that it can be pasted from every report.
func permitPods(namespace string) string {
	const object = `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"plumbline-permitted"},"spec":` +
		`{"podSelector":{"matchLabels":{"app.kubernetes.io/name":"plumbline"}},"policyTypes":["Ingress","Egress"],"ingress":[{}],"egress":[{}]}}`
	return fmt.Sprintf("echo '%s' | kubectl -n %s apply -f -", object, namespace)
}
