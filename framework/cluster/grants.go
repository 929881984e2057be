package cluster

import (
	"slices"
	"strings"
)

// Grant is what rights on the same things have in common: a row of a table, a
// rule of a role.
type Grant struct {
	Resource  string   // as kubectl writes it: "daemonsets.apps", "pods/exec"
	Namespace string   // empty: in the whole cluster
	Verbs     []string // in the order of the list
	Names     []string // empty: any
	For       []string
	Without   string
}

// Grants groups rights by what they are on and what is lost without them.
func Grants(rights []Right) []Grant {
	var out []Grant
	for _, r := range rights {
		i := slices.IndexFunc(out, func(g Grant) bool {
			return g.Resource == r.on() && g.Namespace == r.Namespace && (len(g.Names) > 0) == (r.Name != "") && g.Without == r.Without
		})
		if i < 0 {
			i = len(out)
			out = append(out, Grant{Resource: r.on(), Namespace: r.Namespace, Without: r.Without})
		}
		out[i].Verbs = with(out[i].Verbs, r.Verb)
		out[i].Names = with(out[i].Names, r.Name)
		out[i].For = with(out[i].For, r.For)
	}
	return out
}

// String is the grant in words: "create, delete services in namespace x".
func (g Grant) String() string {
	if g.Namespace != "" {
		return g.What() + " in namespace " + g.Namespace
	}
	return g.What()
}

// What is the grant in words, without its namespace.
func (g Grant) What() string {
	text := strings.Join(g.Verbs, ", ") + " " + g.Resource
	if len(g.Names) > 0 {
		text += " " + strings.Join(g.Names, ", ")
	}
	return text
}

// Sentence names rights with each namespace once:
// "list nodes; in namespace x: create services, get pods/log".
func Sentence(rights []Right) string {
	var everywhere, within []string
	at := map[string]int{}
	for _, g := range Grants(rights) {
		switch i, known := at[g.Namespace]; {
		case g.Namespace == "":
			everywhere = append(everywhere, g.What())
		case known:
			within[i] += "; " + g.What()
		default:
			at[g.Namespace] = len(within)
			within = append(within, "in namespace "+g.Namespace+": "+g.What())
		}
	}
	return strings.Join(append(everywhere, within...), "; ")
}

// String is the right in words.
func (r Right) String() string { return Grants([]Right{r})[0].String() }

// on is the resource as kubectl writes it: resource[.group][/subresource].
func (r Right) on() string {
	on := r.Resource
	if r.Group != "" {
		on += "." + r.Group
	}
	if r.Subresource != "" {
		on += "/" + r.Subresource
	}
	return on
}

func with(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
