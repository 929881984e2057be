package recognise

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// Form is how what serves the Services runs.
type Form string

// The forms.
const (
	Unknown    Form = ""            // nothing was looked at that would tell
	InPods     Form = "pods"        // of a DaemonSet
	StaticPods Form = "static pods" // the kubelet runs them from files of the host
	Host       Form = "host"        // a service of the host: no pod
	Embedded   Form = "embedded"    // in a process of the distribution: no pod
	Replaced   Form = "replaced"    // the network plugin serves the Services
	Missing    Form = "missing"     // nobody does
)

// Proxy is what serves the Services of a cluster.
type Proxy struct {
	Form Form
	// Mode is "iptables", "nftables", "ipvs" or, where it is not known, "".
	Mode string
	// Distribution is where Units and paths come from.
	Distribution distribution.Distribution
	By           []string
}

// WithoutPod says whether a kube-proxy runs here that no pod shows.
func (p Proxy) WithoutPod() bool { return p.Form == Host || p.Form == Embedded }

// ReplacedMode stands for the mode where the network plugin serves the Services.
const ReplacedMode = "replaced"

// ProxyMode is the mode of the cluster's kube-proxy, ReplacedMode where there is
// none because the network plugin serves the Services, and "" where it is not known.
func ProxyMode(s *facts.Snapshot) string {
	if mode := s.Cluster.ProxyMode; hasPods(s) && mode != "" && mode != ReplacedMode {
		return mode
	}
	p := ServiceProxy(s)
	if p.Form == Replaced {
		return ReplacedMode
	}
	return p.Mode
}

// ServiceProxy recognises what serves the Services by what it does: its pods, the
// ports of kube-proxy on the hosts, and its rules. A ConfigMap counts only beside
// a kube-proxy: one that is left behind says nothing (it outlives the DaemonSet
// wherever a network plugin took over).
func ServiceProxy(s *facts.Snapshot) Proxy {
	if hasPods(s) {
		return inPods(s)
	}
	seen := witnessed(s)
	p := Proxy{Mode: seen.mode()}
	p.Distribution, _ = distribution.Recognise(s)
	switch {
	case seen.looked == 0:
		p.Form = unseen(s)
	case seen.runs():
		p.Form, p.By = Host, seen.signs()
		if p.Distribution.Proxy == distribution.Embedded {
			p.Form = Embedded
			p.By = append(p.By, p.Distribution.Name+" runs it in its own process")
		}
	case replaces(s, seen):
		p.Form, p.Mode = Replaced, ""
		p.By = []string{"no kube-proxy pod", fmt.Sprintf("no answer from kube-proxy's ports on %d hosts", seen.looked)}
		if seen.health > 0 {
			p.By[1] = fmt.Sprintf("no mode and no current rules of kube-proxy on %d hosts", seen.looked)
		}
	default:
		p.Form, p.By = Missing, []string{"no kube-proxy pod", fmt.Sprintf("no answer from kube-proxy's ports on %d hosts", seen.looked)}
	}
	return p
}

func hasPods(s *facts.Snapshot) bool {
	return s.Cluster.KubeProxyExpected || len(s.Cluster.KubeProxy) > 0
}

func inPods(s *facts.Snapshot) Proxy {
	p := Proxy{Form: InPods, Mode: s.Cluster.ProxyMode, By: []string{"DaemonSet kube-proxy"}}
	if p.Mode == ReplacedMode {
		p.Mode = ""
	}
	for _, pod := range s.Cluster.KubeProxy {
		switch kind, name, _ := strings.Cut(pod.Owner, "/"); kind {
		case "Node":
			p.Form, p.By = StaticPods, []string{"static pods such as " + pod.Namespace + "/" + pod.Name}
		case "DaemonSet":
			p.By = []string{"DaemonSet " + pod.Namespace + "/" + name}
		}
	}
	seen := witnessed(s)
	if p.Mode == "" {
		p.Mode = seen.mode()
	}
	p.Distribution, _ = distribution.Recognise(s)
	p.By = append(p.By, seen.signs()...)
	return p
}

// unseen decides without a look at any host: by the network plugin alone.
func unseen(s *facts.Snapshot) Form {
	if canReplace(s) || s.Cluster.ProxyMode == ReplacedMode {
		return Replaced
	}
	return Unknown
}

// replaces says whether Services are served though no kube-proxy was seen.
func replaces(s *facts.Snapshot, seen witnesses) bool {
	own, asked := served(s, facts.ToClusterIP)
	if canReplace(s) {
		// Rules that a kube-proxy left behind, and a new Service that responds to nobody,
		// are a kube-proxy that is gone, whatever the plugin could do.
		return own || !asked || seen.rules == 0
	}
	if asked {
		return own
	}
	api, _ := served(s, facts.ToAPI)
	return api && seen.rules == 0
}

// served says whether any Service of a kind answered, and whether one was asked.
func served(s *facts.Snapshot, to facts.TargetKind) (right, asked bool) {
	for _, m := range s.Matrices {
		if m.Flow.To != to || m.Flow.Look != facts.Main {
			continue
		}
		for _, row := range m.Rows {
			for _, c := range row.Cells {
				asked = asked || c.Outcome != facts.NotRun
				right = right || c.Outcome == facts.OK
			}
		}
	}
	return right, asked
}

// answered is a health answer in kube-proxy's form; plugins that replace it have the same.
func answered(t *facts.Text) bool {
	if t == nil || t.NotRun != "" {
		return false
	}
	var words struct {
		LastUpdated string `json:"lastUpdated"`
	}
	return json.Unmarshal([]byte(t.Text), &words) == nil && words.LastUpdated != ""
}

// Mode is what a host's kube-proxy says of itself at its mode port; "" where it
// says nothing that is understood.
func Mode(h *facts.HostLook) string {
	if h == nil || h.ProxyMode == nil || h.ProxyMode.NotRun != "" {
		return ""
	}
	word := strings.TrimSpace(h.ProxyMode.Text)
	if slices.Contains([]string{"iptables", "nftables", "ipvs"}, word) {
		return word
	}
	return ""
}
