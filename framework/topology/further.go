package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/recognise"
)

// most bounds the nodes towards which every vantage sends series and large
// transfers. Every node is a sender; the receivers are spread evenly over the
// cluster. All ordered pairs are met by the other ways of probing.
const most = 32

// spread keeps at most that many targets of a costly way of probing.
func spread(via facts.Via, targets []facts.Target) []facts.Target {
	if !costly(via) || len(targets) <= most {
		return targets
	}
	out := make([]facts.Target, 0, most)
	for i := range most {
		out = append(out, targets[i*len(targets)/most])
	}
	return out
}

func costly(via facts.Via) bool { return via == facts.Series || via == facts.Bulk }

// further gives the targets beyond pods, hosts and the first Service.
func further(s *facts.Snapshot, f facts.Flow) []facts.Target {
	switch f.To {
	case facts.ToGateway:
		return gateways(s, f)
	case facts.ToRuntime:
		return runtimes(s, f)
	case facts.ToNodePortLocal:
		return localNodePorts(s, f)
	case facts.ToHairpin:
		return furtherIPs(s, f, facts.KindHairpin)
	case facts.ToAffinity:
		return furtherIPs(s, f, facts.KindAffinity)
	case facts.ToTunnel:
		return tunnels(s, f)
	case facts.ToDNSMetrics:
		port := recognise.DNSMetrics(s)
		if port.Port == 0 || port.TLS {
			return nil
		}
		out := dnsReplicas(s, f)
		for i := range out {
			out[i].ID, out[i].Port, out[i].Name = "metrics/"+strings.TrimPrefix(out[i].ID, "dns/"), port.Port, "/metrics"
		}
		return out
	case facts.ToDNSRecord:
		return records(s, f)
	case facts.ToDNSExternal, facts.ToDNSUpstream:
		return externalNames(s, f)
	case facts.ToNodeDNS:
		return nodeDNS(s, f)
	case facts.ToEgress:
		return egress(s, f)
	default:
		return nil
	}
}

// gateways are the first addresses of the nodes' pod CIDRs: a bridge CNI gives
// them to the bridge (CNI plugin bridge, isGateway).
func gateways(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for _, n := range s.Selected() {
		for _, p := range n.PodCIDRs {
			if family(p.Addr()) == f.Family {
				out = append(out, facts.Target{ID: "gateway/" + n.Name, Node: n.Name, Addr: p.Masked().Addr().Next()})
				break
			}
		}
	}
	return out
}

func runtimes(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for _, n := range s.Selected() {
		for _, r := range n.RuntimeAgents {
			addr, ok := inFamily(r.Agent.Addrs, f.Family)
			port, known := portFor(r.Agent.Ports, f.Via)
			if !ok || !known || !r.Agent.Ready {
				continue
			}
			id := facts.Vantage{Kind: facts.FromRuntime, Node: n.Name, Class: r.Class}.String()
			out = append(out, facts.Target{ID: id, Node: n.Name, Addr: addr, Port: port, Peers: []string{id}, Class: r.Class})
		}
	}
	return out
}

// localNodePorts: a node with a backend answers by it, one without stays silent
// (Kubernetes: Services, external traffic policy).
func localNodePorts(s *facts.Snapshot, f facts.Flow) []facts.Target {
	service := s.FurtherService(facts.KindLocal)
	if service == nil || !service.Has(f.Family) {
		return nil
	}
	port := servicePort(f.Via, service.TCPNodePort, service.UDPNodePort)
	var out []facts.Target
	for _, n := range s.Selected() {
		addr, ok := inFamily(n.Internal, f.Family)
		if !ok || port == 0 {
			continue
		}
		t := facts.Target{ID: "nodePortLocal/" + n.Name, Node: n.Name, Addr: addr, Port: port, AnyPeer: true}
		if peer := "pod/" + n.Name; slices.Contains(service.Backends, peer) {
			t.Peers = []string{peer}
		} else {
			t.Peers, t.Silent = service.Backends, true
		}
		out = append(out, t)
	}
	return out
}

func furtherIPs(s *facts.Snapshot, f facts.Flow, kind string) []facts.Target {
	service := s.FurtherService(kind)
	if service == nil {
		return nil
	}
	var out []facts.Target
	for _, a := range service.ClusterIPs {
		addr, err := netip.ParseAddr(a)
		port := servicePort(f.Via, service.TCPPort, service.UDPPort)
		if err != nil || family(addr) != f.Family || port == 0 {
			continue
		}
		out = append(out, facts.Target{
			ID: kind, Addr: addr, Port: port, Peers: service.Backends, AnyPeer: true, Self: kind == facts.KindHairpin,
		})
	}
	return out
}

// tunnels are the nodes' VXLAN ports as the first look found them.
func tunnels(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for _, n := range s.Selected() {
		addr, ok := inFamily(n.Internal, f.Family)
		port := tunnelPort(s.Host(n.Name, facts.First), f.Family)
		if !ok || port == 0 || !n.NodeAgent.Ready {
			continue
		}
		out = append(out, facts.Target{ID: "tunnel/" + n.Name, Node: n.Name, Addr: addr, Port: port, Peers: []string{"host/" + n.Name}})
	}
	return out
}

func tunnelPort(h *facts.HostLook, f facts.Family) uint16 {
	if h == nil {
		return 0
	}
	for _, i := range h.Interfaces {
		if i.Vxlan != nil && i.Vxlan.Port > 0 && i.Vxlan.Port <= 65535 && (!i.Vxlan.Local.IsValid() || family(i.Vxlan.Local) == f) {
			return uint16(i.Vxlan.Port)
		}
	}
	return 0
}

// serviceName is the DNS name of one of the suite's Services; empty where there is none.
func serviceName(s *facts.Snapshot, service *facts.Service) string {
	if service == nil {
		return ""
	}
	namespace, name, ok := strings.Cut(service.Name, "/")
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s.%s.svc.%s.", name, namespace, domain(s))
}

// externalNames asks every configured name at the cluster DNS, or at every
// resolver that a host has, past the cluster DNS.
func externalNames(s *facts.Snapshot, f facts.Flow) []facts.Target {
	kind := "A"
	if len(s.Cluster.Families) > 0 && s.Cluster.Families[0] == facts.IPv6 {
		kind = "AAAA"
	}
	var out []facts.Target
	for _, name := range s.Configured().ExternalNames {
		question := strings.TrimSuffix(name, ".") + "."
		if f.To == facts.ToDNSExternal {
			for _, t := range services(s.Cluster.DNS, f, "name/"+name, question) {
				t.Type = kind
				out = append(out, t)
			}
			continue
		}
		for _, addr := range resolvers(s) {
			if family(addr) == f.Family {
				out = append(out, facts.Target{
					ID: fmt.Sprintf("upstream/%s/%s", addr, name), Addr: addr, Port: dnsPort, Name: question, Type: kind,
				})
			}
		}
	}
	return out
}

// resolvers are the name servers in the hosts' resolv.conf, loopback addresses
// (a local stub) left out: only its own host can ask that.
func resolvers(s *facts.Snapshot) []netip.Addr {
	var out []netip.Addr
	for _, h := range s.Hosts {
		if h.Look != facts.First || h.ResolvConf == nil {
			continue
		}
		for line := range strings.Lines(h.ResolvConf.Text) {
			fields := strings.Fields(line)
			if len(fields) < 2 || fields[0] != "nameserver" {
				continue
			}
			if addr, err := netip.ParseAddr(fields[1]); err == nil && !addr.IsLoopback() && !slices.Contains(out, addr) {
				out = append(out, addr)
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// egress are the configured targets. One that is a name is resolved by the
// vantage, as an application there would; its address is left out.
func egress(s *facts.Snapshot, f facts.Flow) []facts.Target {
	var out []facts.Target
	for _, e := range s.Configured().Egress {
		t := facts.Target{ID: "egress/" + joined(e.Host, e.Port), Port: e.Port, Name: e.Host}
		if addr, err := netip.ParseAddr(e.Host); err == nil {
			if family(addr) != f.Family {
				continue
			}
			t.Addr = addr
		}
		out = append(out, t)
	}
	return out
}

func joined(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}
