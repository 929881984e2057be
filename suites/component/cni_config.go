package component

import (
	_ "embed" // the explanation page
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed cni_config.md
var cniConfigDoc string

// CNIConfig promises that every node gives its pods the same network.
func CNIConfig() check.Check {
	return check.Check{
		ID:       "component/cni-config",
		Promise:  "Every node has one CNI configuration, and all nodes have the same.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHostRead},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      cniConfigDoc,
		Evaluate: cniConfig,
	}
}

func cniConfig(s *facts.Snapshot) check.Result {
	nodes := s.Selected()
	if len(nodes) == 0 {
		return check.Unknownf("no node was looked at")
	}
	var found []symptom.Symptom
	plain := map[string]string{} // of the configuration that counts, by node
	none := 0
	for _, n := range nodes {
		dir, missing := cniDir(s, n.Name)
		if dir == nil {
			found = append(found, symptom.Unknown(n.Name, "the CNI configuration could not be read: "+missing))
			continue
		}
		files, unread := cniFilesOf(n, dir.Files)
		if len(unread) > 0 {
			found = append(found, symptom.Unknown(n.Name, "a CNI configuration could not be read: "+strings.Join(unread, "; ")))
		}
		if len(files) == 0 {
			none++
			found = append(found, noConfig(s, n.Name, dir.Dir))
			continue
		}
		if files[0].Plain != "" && !foreign(s, files[0]) { // what is foreign is told as that
			plain[n.Name] = files[0].Name + " " + files[0].Plain
		}
		found = append(found, filesOf(s, n, dir.Dir, files)...)
	}
	if none == len(nodes) {
		return check.Unknownf("no node has a CNI configuration where container runtimes usually look; this one may look elsewhere")
	}
	found = append(found, odd(plain, "CNI configuration", func(string, string) string {
		return "the CNI configuration that counts here is not that of most nodes, so new pods are connected otherwise"
	}, func(node string) []check.Remedy { return otherConfig(s, node) })...)
	findings := symptom.Findings(found)
	named := map[string]bool{}
	for _, f := range findings {
		for _, n := range f.Nodes {
			named[n] = true
		}
	}
	return check.Conclude(fmt.Sprintf("one CNI configuration, the same, on %d of %s", len(nodes)-len(named), figures.Count(len(nodes), "node")), findings)
}

// otherConfig are the steps where a node's configuration is not that of most.
func otherConfig(s *facts.Snapshot, node string) []check.Remedy {
	return []check.Remedy{
		{Purpose: check.Find, Text: "Compare what stands there with another node's", Node: node, Command: "for f in /etc/cni/net.d/*; do echo \"== $f\"; cat \"$f\"; done"},
		remedies.RestartCNI(s, node),
		{Purpose: check.Verify, Text: "Check that the first file, and its sum, is the same as on the other nodes", Node: node, Command: "md5sum /etc/cni/net.d/* | head -3"},
	}
}

// cniDir is the folder as it was seen last, because agents write their
// configuration when they start; the second result says why there is none.
func cniDir(s *facts.Snapshot, node string) (*facts.CNIFiles, string) {
	first, last, missing := symptom.Looks(s, node)
	for _, h := range []*facts.HostLook{last, first} {
		if h != nil && h.CNI != nil {
			return h.CNI, ""
		}
		if h != nil && missing == "" {
			missing = "its folder was not readable"
			for _, e := range h.Errors {
				if strings.Contains(strings.ToLower(e.What), "cni") {
					missing = e.Says
				}
			}
		}
	}
	return nil, missing
}

func noConfig(s *facts.Snapshot, node, dir string) symptom.Symptom {
	return symptom.Symptom{
		Node: node, Verdict: check.Warn, Kind: "none", Says: fmt.Sprintf("there is no CNI configuration in %s: new pods do not start here", dir),
		Evidence: []check.Evidence{{Node: node, Source: dir, Text: "no file that ends in .conf, .conflist or .json"}},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "Read what the network plugin's agent says, which writes it", Command: "kubectl get pods -A -o wide --field-selector spec.nodeName=" + node},
			remedies.RestartCNI(s, node),
			{Purpose: check.Verify, Text: "Check that a .conflist or .conf file is there", Node: node, Command: "ls -l " + dir},
		},
	}
}

// filesOf judges the files of one node: those beside the one that counts, those
// that are none, and whether the one that counts is of the plugin that runs.
func filesOf(s *facts.Snapshot, n facts.Node, dir string, files []cniFile) []symptom.Symptom {
	var out []symptom.Symptom
	add := func(verdict check.Verdict, kind, says string, f cniFile) {
		out = append(out, symptom.Symptom{
			Node: n.Name, Verdict: verdict, Kind: kind + f.Name, Says: says,
			Evidence: []check.Evidence{{Node: n.Name, Source: dir + "/" + f.Name, Text: wordsOf(f)}},
			Remedy: []check.Remedy{
				{Text: "Move it away, out of the folder (if a program on this node still writes it, that has to be stopped first)", Node: n.Name, Command: fmt.Sprintf("mv %s/%s ~/", dir, f.Name)},
				remedies.RestartCNI(s, n.Name),
				{
					Purpose: check.Verify, Text: fmt.Sprintf("Check which file comes first: %s must not be there, and the network plugin's own must", f.Name), Node: n.Name,
					Command: "ls " + dir,
				},
			},
		})
	}
	first := files[0]
	switch {
	case first.Wrong != "":
		verdict := check.Warn // CRI-O goes on with the next one
		if strings.HasPrefix(n.Runtime, "containerd") {
			verdict = check.Fail
		}
		add(verdict, "wrong", fmt.Sprintf("%s/%s comes first and is not valid (%s): new pods do not start", dir, first.Name, first.Wrong), first)
	case foreign(s, first):
		add(check.Warn, "foreign", fmt.Sprintf("%s/%s comes first, and it is of %s, not of %s: new pods are connected by a plugin whose agent does not run",
			dir, first.Name, strings.Join(first.Types, ", "), s.Cluster.CNI), first)
	}
	for _, f := range files[1:] {
		if f.Plain != "" && !foreign(s, f) && (first.Wrong != "" || foreign(s, first)) {
			continue // the right one, kept from its place by the first
		}
		says := fmt.Sprintf("%s/%s lies beside %s, which counts: if that goes away, new pods are connected by this one", dir, f.Name, first.Name)
		if f.Wrong != "" {
			says = fmt.Sprintf("%s/%s lies beside %s, which counts, and is not valid (%s)", dir, f.Name, first.Name, f.Wrong)
		}
		add(check.Warn, "extra", says, f)
	}
	return out
}

// foreign: a configuration that was read, and is not of the plugin which runs.
func foreign(s *facts.Snapshot, f cniFile) bool {
	own := pluginTypes(s.Cluster.CNI)
	return f.Plain != "" && len(own) > 0 && !slices.ContainsFunc(f.Types, func(t string) bool { return slices.Contains(own, t) })
}

func wordsOf(f cniFile) string {
	if f.Wrong != "" {
		return f.Wrong
	}
	return "plugins: " + strings.Join(f.Types, ", ")
}

// pluginTypes are the plugins by which a configuration of a CNI is known; multus
// hands on to others. None where it is not known, or is of general plugins.
func pluginTypes(word string) []string {
	own := cni.Named(word).ConfTypes
	if own == nil {
		return nil
	}
	return slices.Concat(own, []string{"multus", "multus-shim"})
}
