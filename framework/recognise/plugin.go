package recognise

import (
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// plugin names the network plugin with the version of its agent's image.
func plugin(s *facts.Snapshot) facts.Recognised {
	out := facts.Recognised{What: OfPlugin, Value: orElse(s.Cluster.CNI, nothing)}
	for _, p := range s.Cluster.CNIPods {
		if name, ok := strings.CutPrefix(p.Owner, "DaemonSet/"); ok {
			out.By = append(out.By, "DaemonSet "+p.Namespace+"/"+name)
			break
		}
	}
	if len(s.Cluster.CNIPods) > 0 && len(s.Cluster.CNIPods[0].Images) > 0 {
		out.Version = tagOf(s.Cluster.CNIPods[0].Images[0])
	}
	return out
}
