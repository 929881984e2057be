package pressure

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/symptom"
)

// table is how full the table was at one look.
type table struct {
	look       facts.Look
	count, max int
}

func (t table) percent() int { return t.count * 100 / t.max }

func fuller(looks ...*facts.HostLook) (worst table, ok bool) {
	for _, h := range looks {
		count, err := strconv.Atoi(strings.TrimSpace(h.Sysctls[conntrackCount]))
		most, err2 := strconv.Atoi(strings.TrimSpace(h.Sysctls[conntrackMax]))
		if err != nil || err2 != nil || most <= 0 {
			return table{}, false
		}
		if t := (table{h.Look, count, most}); !ok || t.percent() > worst.percent() {
			worst, ok = t, true
		}
	}
	return worst, ok
}

func (t table) evidence(node string) check.Evidence {
	return check.Evidence{
		Node: node, Source: fmt.Sprintf("sysctl %s, %s (%s look)", conntrackCount, conntrackMax, t.look),
		Text: fmt.Sprintf("%d of %d", t.count, t.max),
	}
}

func (t table) symptom(s *facts.Snapshot, node string) (symptom.Symptom, bool) {
	out := symptom.Symptom{
		Node: node, Verdict: check.Warn, Kind: "table", Weight: int64(t.percent()),
		Says: fmt.Sprintf("the connection tracking table is %d %% full (%d of %d, %s look); a full one drops the first packet of every new connection",
			t.percent(), t.count, t.max, t.look),
		Evidence: []check.Evidence{t.evidence(node)}, Remedy: moreConnections(s, node, 2*t.max),
	}
	if t.percent() >= full {
		out.Verdict = check.Fail
	}
	return out, t.percent() >= nearlyFull
}
