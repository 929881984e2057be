package overlay

import (
	"cmp"
	_ "embed" // the explanation page
	"fmt"
	"strconv"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/cni"
	"github.com/plumbline-net/plumbline/framework/dataplane"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/figures"
	"github.com/plumbline-net/plumbline/suites/peering"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

//go:embed checksum.md
var checksumDoc string

// Checksum promises that no packet of the tunnel is lost to a wrong checksum.
func Checksum() check.Check {
	return check.Check{
		ID:       "overlay/checksum",
		Promise:  "No host gets answers of a ClusterIP only after 1, 3, 7 or 63 seconds, and UDP checksum errors do not grow.",
		Level:    check.Extended,
		Needs:    []check.Need{check.NeedHosts, check.NeedService},
		Looks:    []facts.Look{facts.First, facts.Last},
		Doc:      checksumDoc,
		Ask:      checksumFlows,
		Evaluate: checksum,
	}
}

func checksumFlows(scope check.Scope) []facts.Flow {
	var out []facts.Flow
	for _, f := range scope.Families {
		out = append(out, facts.Flow{From: facts.FromHost, To: facts.ToClusterIP, Via: facts.TCP, Family: f, Look: facts.Main})
	}
	return out
}

func checksum(s *facts.Snapshot) check.Result {
	if r, ok := peering.NoHosts(s); !ok {
		return r
	}
	if why := noTunnel(s, dataplane.NetworkOf(s)); why != "" {
		return check.Skipf("%s", why)
	}
	var faults []peering.Fault
	judged := 0
	for _, n := range s.Selected() {
		answers, waited := resent(s, n.Name)
		grown, counted := wrongSums(s, n.Name)
		if grown > 0 {
			faults = append(faults, sums(s, n.Name, grown))
		}
		switch {
		case answers == 0:
			faults = append(faults, unheard(n.Name, "the ClusterIP of the suite's own Service gave this host no answer whose time could be judged (service/cluster-ip)"))
			continue
		case !counted:
			faults = append(faults, unheard(n.Name, "the counter of UDP checksum errors was not read at both looks"))
			continue
		}
		judged++
		if len(waited) > 0 {
			faults = append(faults, slow(s, n, waited, answers))
		}
	}
	return check.Conclude(fmt.Sprintf("%d of %d nodes judged by the time of a ClusterIP's answers and by the growth of UDP checksum errors",
		judged, len(s.Selected())), peering.Fold(faults))
}

func unheard(node, why string) peering.Fault {
	return peering.Fault{Node: node, Kind: why, Verdict: check.Unknown, Says: why}
}

// resends are the seconds after which Linux sends a SYN again (tcp(7),
// tcp_syn_retries: 1 s, doubled each time), added up.
var resends = [...]int{1, 3, 7, 15, 31, 63}

// resent counts a host's answers of the suite's ClusterIP, and gives in microseconds
// those that came just when a SYN was sent again.
func resent(s *facts.Snapshot, node string) (answers int, waited []int) {
	for _, f := range checksumFlows(check.ScopeOf(s)) {
		m := s.Matrix(f)
		if m == nil {
			continue
		}
		for _, row := range m.Rows {
			if row.From.Node != node {
				continue
			}
			for i, c := range row.Cells {
				if c.Outcome == facts.OK {
					answers++
				}
				took := []int{c.RTT}
				if d := row.Detail(i); d != nil {
					took = nil
					for _, a := range d.Attempts {
						if a.Outcome == facts.OK {
							took = append(took, a.Micros)
						}
					}
				}
				for _, t := range took {
					if c.Outcome == facts.OK && onResend(t) {
						waited = append(waited, t)
					}
				}
			}
		}
	}
	return answers, waited
}

// onResend: within a tenth of a second after a packet was sent again, or as
// much as a quantised time is inexact (7 %).
func onResend(micros int) bool {
	for _, s := range resends {
		at := s * 1000000
		if micros >= at-at*7/100 && micros <= at+at*7/100+100000 {
			return true
		}
	}
	return false
}

// wrongSums is how much the counter of wrong UDP checksums grew between the looks.
func wrongSums(s *facts.Snapshot, node string) (grown int64, known bool) {
	first, last := s.Host(node, facts.First), s.Host(node, facts.Last)
	if first == nil || last == nil {
		return 0, false
	}
	for _, name := range []string{"snmp.Udp.InCsumErrors", "snmp6.Udp6InCsumErrors"} {
		a, ok := first.Counters[name]
		b, too := last.Counters[name]
		if ok && too {
			known = true
			grown += max(0, b-a)
		}
	}
	return grown, known
}

func sums(s *facts.Snapshot, node string, grown int64) peering.Fault {
	dev, port := tunnelOn(s, node)
	return peering.Fault{
		Node: node, Kind: "sums" + node, Verdict: check.Warn,
		Says:     fmt.Sprintf("%s with a wrong UDP checksum arrived during the run and was thrown away", figures.Count(int(grown), "packet")),
		Evidence: []check.Evidence{{Node: node, Source: "counter Udp InCsumErrors, growth between the looks", Text: fmt.Sprint(grown)}},
		Repair: []check.Remedy{
			{Purpose: check.Find, Text: "See on which interface they arrive", Node: node, Command: "timeout 30 tcpdump -ni any -vv -c 20 'udp port " + port + "' | grep -B1 'bad udp cksum'"},
			{Text: "On the sender, let the kernel compute them: switch the offload off for its tunnel", Node: node, Command: "ethtool -K " + dev + " tx-checksum-ip-generic off"},
			offAtStart(node, dev),
			remedies.Still(node, "that the counter stands still", "nstat -az UdpInCsumErrors"),
		},
	}
}

// tunnelOn is the name and the port of a node's tunnel, as the plugin gives them
// where it was not seen.
func tunnelOn(s *facts.Snapshot, node string) (dev, port string) {
	plugin := cni.Of(s)
	dev, port = cmp.Or(plugin.TunnelName(), "DEVICE"), strconv.Itoa(cmp.Or(plugin.TunnelPort(), kernelPort))
	h, why := dataplane.Seen(s, node)
	n := s.Node(node)
	if why != "" || n == nil {
		return dev, port
	}
	for _, t := range dataplane.Tunnels(s, *h, *n) {
		dev, port = t.Name, strconv.Itoa(t.Vxlan.Port)
	}
	return dev, port
}

func slow(s *facts.Snapshot, n facts.Node, waited []int, answers int) peering.Fault {
	dev, _ := tunnelOn(s, n.Name)
	return peering.Fault{
		Node: n.Name, Kind: "slow", Verdict: check.Warn,
		Says: fmt.Sprintf("%d of %d answers of the suite's ClusterIP came after %.1f s, when the first packet was sent again: the sign of a wrong checksum of translated packets in the tunnel (kubernetes#88986)",
			len(waited), answers, float64(waited[0])/1e6),
		Evidence: []check.Evidence{{Node: n.Name, Source: "TCP from the host to the ClusterIP", Text: fmt.Sprintf("%d µs until the answer", waited[0])}},
		Repair: []check.Remedy{
			{Text: "Switch the checksum offload of the tunnel off", Node: n.Name, Command: fmt.Sprintf("ethtool -K %s tx-checksum-ip-generic off", dev)},
			offAtStart(n.Name, dev),
		},
		Then: []check.Remedy{
			{Purpose: check.Last, Text: "For good: a kernel from 5.7 on, and a kube-proxy from 1.18 on, do not have the fault", Command: "kubectl get nodes -o custom-columns=NODE:.metadata.name,KERNEL:.status.nodeInfo.kernelVersion,PROXY:.status.nodeInfo.kubeProxyVersion"},
			remedies.Again("overlay/checksum"),
			{Purpose: check.Find, Text: "See whether packets are lost on the way instead: where these grow, reach/quality says more", Node: n.Name, Command: "nstat -az TcpRetransSegs TcpExtTCPSynRetrans"},
		},
	}
}

// offAtStart lets the offload be off whenever the device is made (systemd.link(5)).
func offAtStart(node, dev string) check.Remedy {
	return check.Remedy{
		Purpose: check.Last, Text: "Let it be off whenever the tunnel is made, at a boot too", Node: node,
		Command: fmt.Sprintf("printf '[Match]\\nOriginalName=%s\\n[Link]\\nTransmitChecksumOffload=no\\n' > /etc/systemd/network/50-%s.link; udevadm control --reload", dev, dev),
	}
}
