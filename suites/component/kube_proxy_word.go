package component

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
	"github.com/plumbline-net/plumbline/framework/symptom"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

// lateSync is how old the last sync may be by kube-proxy's own word. It tells the time of the
// question instead while nothing waits to be written, so any age is a backlog.
const lateSync = time.Minute

// health is what kube-proxy answers at :10256/healthz. Before Kubernetes 1.32 it
// has no word for healthy but the age of lastUpdated.
type health struct {
	Healthy     *bool  `json:"healthy"`
	LastUpdated string `json:"lastUpdated"`
	CurrentTime string `json:"currentTime"`
}

// ownWords are what kube-proxy itself says on every node: is it healthy, which
// mode, which version.
func ownWords(s *facts.Snapshot, nodes []facts.Node) []symptom.Symptom {
	var out []symptom.Symptom
	modes, versions := map[string]string{}, map[string]string{}
	pods := newest(s.Cluster.KubeProxy, s.Cluster.KubeProxyLast)
	for _, n := range nodes {
		first, last, _ := symptom.Looks(s, n.Name)
		out = append(out, unhealthy(s, n.Name, first, last)...)
		for _, h := range []*facts.HostLook{first, last} {
			if h != nil && h.ProxyMode != nil && strings.TrimSpace(h.ProxyMode.Text) != "" {
				modes[n.Name] = strings.TrimSpace(h.ProxyMode.Text)
			}
		}
		for _, p := range onNode(pods, n.Name) {
			if len(p.Images) > 0 {
				versions[n.Name] = strings.Join(p.Images, ", ")
			}
		}
	}
	restart := func(node string) []check.Remedy { return remedies.RestartProxies(s, node) }
	out = append(out, otherMode(s, modes, restart)...)
	return append(out, odd(versions, "kube-proxy's image", func(word, usual string) string {
		return fmt.Sprintf("kube-proxy runs %s here, and %s on most nodes", word, usual)
	}, restart)...)
}

// otherMode compares each node's mode with that of the configuration, so far as
// there is one, else with that of most nodes.
func otherMode(s *facts.Snapshot, modes map[string]string, restart func(string) []check.Remedy) []symptom.Symptom {
	told := s.Cluster.ProxyMode
	if p := recognise.ServiceProxy(s); told == "" || p.Form != recognise.InPods && p.Form != recognise.StaticPods {
		return odd(modes, "kube-proxy's mode", func(word, usual string) string {
			return fmt.Sprintf("kube-proxy works by %s here, and by %s on most nodes: rules of the other mode may be left behind", word, usual)
		}, restart)
	}
	var out []symptom.Symptom
	for _, n := range s.Selected() {
		if mode, ok := modes[n.Name]; ok && mode != told {
			out = append(out, symptom.Symptom{
				Node: n.Name, Kind: "mode " + mode, Verdict: check.Warn, Remedy: restart(n.Name),
				Says: fmt.Sprintf("kube-proxy works by %s here, and its configuration says %s: it was not restarted since the configuration was changed, "+
					"or the node cannot do what it says", mode, told),
				Evidence: []check.Evidence{{Node: n.Name, Source: "kube-proxy's mode", Text: mode}, {Source: "configuration of kube-proxy", Text: told}},
			})
		}
	}
	return out
}

// unhealthy judges the newest answer. No answer at all is no failure, because the port
// can be another; one that takes the question and does not answer is stuck.
func unhealthy(s *facts.Snapshot, node string, first, last *facts.HostLook) []symptom.Symptom {
	then, now := answer(first), answer(last)
	if now == nil {
		now = then
	}
	if now == nil {
		return nil
	}
	out := symptom.Symptom{
		Node: node, Kind: "health", Verdict: check.Fail, Evidence: []check.Evidence{{Node: node, Source: now.Path, Text: now.Text + now.NotRun}},
		Remedy: []check.Remedy{
			{Purpose: check.Find, Text: "Ask kube-proxy itself", Node: node, Command: "curl -s " + now.Path},
			remedies.ProxyState(s, node),
			{Purpose: check.Find, Text: "See its state: T is stopped, D waits for the kernel", Node: node, Command: "ps -o pid,stat,wchan:20,etime,args -C kube-proxy"},
			remedies.RestartProxy(s, node),
			{Purpose: check.Verify, Text: "Check its health: this must print 200", Node: node, Command: "curl -s -o /dev/null -w '%{http_code}\\n' " + now.Path},
		},
	}
	switch {
	case silent(now):
		out.Says = "kube-proxy takes a question about its health and does not answer: the process is stopped or stuck, so Services stay as they are"
		if !silent(then) {
			out.Verdict = check.Warn
			out.Says = "kube-proxy did not answer a question about its health in time"
		}
	case now.NotRun != "":
		return nil
	default:
		why := backlog(now.Text)
		if why == "" {
			return nil
		}
		out.Says = "kube-proxy calls itself unhealthy: " + why
	}
	return []symptom.Symptom{out}
}

func answer(h *facts.HostLook) *facts.Text {
	if h == nil {
		return nil
	}
	return h.ProxyHealth
}

func silent(t *facts.Text) bool {
	return t != nil && strings.Contains(t.NotRun, "does not answer within")
}

// backlog says why an answer is no good one; empty for one that is, or that this
// suite does not know how to read.
func backlog(text string) string {
	var h health
	if json.Unmarshal([]byte(text), &h) != nil {
		return ""
	}
	if h.Healthy != nil {
		if *h.Healthy {
			return ""
		}
		return "it has changes which it could not write (last written " + h.LastUpdated + ")"
	}
	updated, ok := timeIn(h.LastUpdated)
	current, ok2 := timeIn(h.CurrentTime)
	if age := current.Sub(updated); ok && ok2 && age > lateSync {
		return fmt.Sprintf("it has changes which it could not write for %s", age.Round(time.Second))
	}
	return ""
}

// timeIn reads both forms that kube-proxy has used.
func timeIn(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(text, " m=") // the monotonic clock that Go appends
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700 MST"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
