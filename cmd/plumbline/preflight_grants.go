package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/plumbline-net/plumbline/framework/cluster"
)

// grants is what an administrator pastes where rights are missing: one role with
// its binding for each namespace, and one for the whole cluster. They hold all
// that a run needs, so that pasting a later one takes nothing away.
func (p *preflight) grants() []string {
	if !p.lacking {
		return nil
	}
	var order []string
	rules := map[string][]string{}
	for _, g := range cluster.Grants(p.access.Rights()) {
		in := g.Namespace
		if p.access.OwnNamespace && in == p.access.Namespace {
			// Its name is a new one each time, so the right has to hold in all.
			in = ""
		}
		if rules[in] == nil {
			order = append(order, in)
		}
		rules[in] = append(rules[in], rule(g))
	}
	lines := []string{"To grant all that a run needs, an administrator runs:", "kubectl apply -f - <<'EOF'"}
	for _, in := range order {
		lines = append(lines, role(in, rules[in], p.user)...)
	}
	return append(lines, "EOF")
}

// rule is a grant as a rule of a role, in YAML.
func rule(g cluster.Grant) string {
	resource, sub, found := strings.Cut(g.Resource, "/")
	resource, group, _ := strings.Cut(resource, ".")
	if found {
		resource += "/" + sub
	}
	names := ""
	if len(g.Names) > 0 {
		names = fmt.Sprintf(", resourceNames: [%s]", strings.Join(g.Names, ", "))
	}
	line := fmt.Sprintf("  - {apiGroups: [%q], resources: [%s]%s, verbs: [%s]}", group, resource, names, strings.Join(g.Verbs, ", "))
	if g.Without != "" {
		line += " # a run goes on without"
	}
	return line
}

// role is a role in a namespace, or in the whole cluster, bound to a user.
func role(namespace string, rules []string, user string) []string {
	kind, in := "ClusterRole", ""
	if namespace != "" {
		kind, in = "Role", ", namespace: "+namespace
	}
	lines := []string{
		"apiVersion: rbac.authorization.k8s.io/v1", "kind: " + kind,
		"metadata: {name: plumbline-run" + in + "}", "rules:",
	}
	lines = append(lines, rules...)
	return append(lines, "---",
		"apiVersion: rbac.authorization.k8s.io/v1", "kind: "+kind+"Binding",
		"metadata: {name: plumbline-run"+in+"}",
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: "+kind+", name: plumbline-run}",
		fmt.Sprintf("subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %q}]", cmp.Or(user, "YOUR USER")), "---")
}
