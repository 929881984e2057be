package service

import (
	_ "embed"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/matrix"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed api.md
var apiDoc string

// API is the check service/api.
func API() check.Check {
	return check.Check{
		ID: "service/api", Promise: "The Service default/kubernetes answers TLS from every pod and every host, before anything of the suite exists and after.",
		Level: check.Core, Needs: []check.Need{check.NeedPods}, Doc: apiDoc, Ask: askAPI, Evaluate: evaluateAPI,
	}
}

// askAPI asks the hosts twice: creating our own Service can make a data plane
// write its rules anew, and so heal what the first look has to see.
func askAPI(scope check.Scope) []facts.Flow {
	if !scope.HasAPI {
		return nil
	}
	scope = scope.OfAPI()
	tls := []facts.Via{facts.TLS}
	return append(flows(scope, facts.First, facts.ToAPI, tls, facts.FromHost),
		flows(scope, facts.Main, facts.ToAPI, tls, facts.FromHost, facts.FromPod)...)
}

func evaluateAPI(s *facts.Snapshot) check.Result {
	if len(s.Cluster.API) == 0 {
		return check.Unknownf("the Service default/kubernetes is not known: the API server's list of Services did not show it")
	}
	return matrix.Judge(s, matrix.Spec{Flows: askAPI(check.ScopeOf(s)), Remedy: func(p matrix.Place) []check.Remedy { return append(apiRemedy(s, p), remedies.Again("service/api")) }})
}

func apiRemedy(s *facts.Snapshot, p matrix.Place) []check.Remedy {
	c := p.Examples[0]
	if p.Shape == matrix.Target || p.Shape == matrix.Everything {
		node := firstOf(p.Node(), c.From.Node)
		return append([]check.Remedy{{
			Purpose: check.Find,
			Text:    "No one reaches it: are there endpoints behind it, and do they answer?",
			Command: "kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes -o wide",
		}, remedies.ProxyState(s, node)}, remedies.RestartProxies(s, node)...)
	}
	return dataPlane(s, firstOf(p.Node(), c.From.Node), c.To.Addr.String())
}
