package mtu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
)

// compare names the odd ones against the majority, and says in a few words what there is.
func compare(s *facts.Snapshot, kind string, all []sizedLink) ([]check.Finding, string) {
	count := map[int]int{}
	for _, one := range all {
		count[one.mtu]++
	}
	usual := all[0].mtu
	for _, one := range all {
		if count[one.mtu] > count[usual] {
			usual = one.mtu
		}
	}
	if len(count) == 1 {
		return nil, fmt.Sprintf("%s %d", short(kind), usual)
	}
	words := fmt.Sprintf("%s %d on %d of %d", short(kind), usual, count[usual], len(all))
	if 2*count[usual] <= len(all) {
		return []check.Finding{undecided(s, kind, all)}, words
	}
	var out []check.Finding
	at := map[int]int{}
	for _, one := range all {
		if one.mtu == usual {
			continue
		}
		i, ok := at[one.mtu]
		if !ok {
			i = len(out)
			at[one.mtu] = i
			out = append(out, check.Finding{
				Verdict: check.Warn, Says: fmt.Sprintf("the MTU of %s is %d; on %d of %s it is %d", kind, one.mtu, count[usual], figures.Count(len(all), "node"), usual),
				Remedy: uniformRemedy(s, one, usual),
			})
		}
		out[i].Nodes = append(out[i].Nodes, one.node)
		out[i].Evidence = append(out[i].Evidence, one.evidence())
	}
	for i := range out {
		out[i].Evidence = out[i].Evidence[:min(3, len(out[i].Evidence))]
		complete(&out[i], len(all))
	}
	return out, words
}

// short is a kind without its article.
func short(kind string) string { return strings.TrimPrefix(kind, "the ") }

// undecided is the finding where no size has a majority.
func undecided(s *facts.Snapshot, kind string, all []sizedLink) check.Finding {
	f := check.Finding{Subject: short(kind), Verdict: check.Warn, Nodes: []string{}}
	by := map[int][]string{}
	var sizes []int
	for _, one := range all {
		if by[one.mtu] == nil {
			sizes = append(sizes, one.mtu)
		}
		by[one.mtu] = append(by[one.mtu], one.node)
		f.Nodes = append(f.Nodes, one.node)
		if len(f.Evidence) < 4 {
			f.Evidence = append(f.Evidence, one.evidence())
		}
	}
	slices.Sort(sizes)
	slices.Sort(f.Nodes)
	var words []string
	for _, size := range sizes {
		words = append(words, fmt.Sprintf("%d on %s", size, listed(by[size])))
	}
	f.Says = fmt.Sprintf("the MTU of %s is not the same on all nodes, and no size has a majority: %s", kind, strings.Join(words, "; "))
	larger := slices.IndexFunc(all, func(one sizedLink) bool { return one.mtu != sizes[0] })
	f.Remedy = uniformRemedy(s, all[larger], sizes[0])
	return f
}

func (one sizedLink) evidence() check.Evidence {
	return check.Evidence{Node: one.node, Source: "ip link", Text: fmt.Sprintf("%s mtu %d", one.name, one.mtu)}
}

func uniformRemedy(s *facts.Snapshot, one sizedLink, usual int) []check.Remedy {
	where := check.Remedy{
		Purpose: check.Find,
		Text:    "Where does the size come from? Compare the network configuration, the CNI's, and what was set by hand, with another node's", Node: one.node,
		Command: "ip -d link | grep -E 'mtu'; grep -rn -i mtu /etc/cni/net.d /etc/netplan /etc/NetworkManager/system-connections /etc/sysconfig/network-scripts 2>/dev/null",
	}
	if one.kind == "the pods" {
		return append([]check.Remedy{where, {
			Text: "Pods take the size when they are made: restart their workloads one by one (kubectl rollout restart), when that suits their owners",
		}}, shown(one.node, "all have to be the same", "mtu/uniform", "veth*")...)
	}
	keep := keepLink(one.node, one.name, usual)
	if strings.HasPrefix(one.kind, "the tunnel") || strings.HasPrefix(one.kind, "the bridge") {
		keep = keepCNI(s, usual)
	}
	return append([]check.Remedy{where, {
		Text: fmt.Sprintf("Where %d is the size that the network carries, set it now", usual), Node: one.node,
		Command: fmt.Sprintf("ip link set dev %s mtu %d", one.name, usual),
	}, keep}, shown(one.node, fmt.Sprintf("this must print %d", usual), "mtu/uniform", one.name)...)
}
