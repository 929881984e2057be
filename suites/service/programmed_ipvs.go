package service

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// ipvsDevice holds the addresses of all Services where kube-proxy works with IPVS.
const ipvsDevice = "kube-ipvs0"

func (w *planeWalk) ipvsPlane(h *facts.HostLook) (plane, string) {
	switch {
	case h.IPVS == nil:
		return plane{}, fmt.Sprintf("the %s look has no table of IPVS", h.Look)
	case h.IPVS.NotRun != "":
		return plane{}, h.IPVS.Path + ": " + h.IPVS.NotRun
	}
	servers, err := parseIPVS(h.IPVS.Text)
	if err != nil {
		return plane{}, err.Error()
	}
	p := plane{servers: servers, held: map[netip.Addr]bool{}, own: w.node.Internal}
	device, _ := h.Interface(ipvsDevice)
	for _, a := range device.Addrs {
		p.held[a.Addr()] = true
	}
	return p, ""
}

// parseIPVS reads /proc/net/ip_vs (Linux, net/netfilter/ipvs/ip_vs_ctl.c): addresses
// and ports are hexadecimal, an IPv6 address stands in brackets. The result has the
// real servers with a weight by "address/proto/port"; errors name the line.
func parseIPVS(text string) (map[string]map[netip.AddrPort]bool, error) {
	out := map[string]map[netip.AddrPort]bool{}
	var current map[netip.AddrPort]bool
	for n, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if n < 3 || len(f) == 0 { // the head: version, and two lines of titles
			continue
		}
		switch f[0] {
		case "TCP", "UDP", "SCTP":
			if len(f) < 2 {
				return nil, fmt.Errorf("reading the table of IPVS, line %d: no address", n+1)
			}
			at, err := hexPlace(f[1])
			if err != nil {
				return nil, fmt.Errorf("reading the table of IPVS, line %d: %w", n+1, err)
			}
			current = map[netip.AddrPort]bool{}
			out[fmt.Sprintf("%s/%s/%d", at.Addr(), strings.ToLower(f[0]), at.Port())] = current
		case "FWM":
			current = map[netip.AddrPort]bool{} // by a firewall mark: none of kube-proxy's
		case "->":
			if len(f) < 4 || current == nil {
				return nil, fmt.Errorf("reading the table of IPVS, line %d: %.60q is not a real server", n+1, line)
			}
			to, err := hexPlace(f[1])
			if err != nil {
				return nil, fmt.Errorf("reading the table of IPVS, line %d: %w", n+1, err)
			}
			if f[3] != "0" { // one without weight gets no new connections
				current[to] = true
			}
		default:
			return nil, fmt.Errorf("reading the table of IPVS, line %d: %.60q is neither a virtual nor a real server", n+1, line)
		}
	}
	return out, nil
}

func hexPlace(text string) (netip.AddrPort, error) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return netip.AddrPort{}, fmt.Errorf("%.60q has no port", text)
	}
	port, err := strconv.ParseUint(text[at+1:], 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading a port: %w", err)
	}
	host := text[:at]
	if inner, v6 := strings.CutPrefix(host, "["); v6 {
		a, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("reading an address: %w", err)
		}
		return netip.AddrPortFrom(a, uint16(port)), nil
	}
	raw, err := hex.DecodeString(host)
	if err != nil || len(raw) != 4 {
		return netip.AddrPort{}, fmt.Errorf("%.60q is not an address", host)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw)), uint16(port)), nil
}

// followIPVS goes from a Service's address, and from its NodePort at the node's own
// addresses, to the real servers.
func (p plane) followIPVS(w want) []gap {
	var out []gap
	if len(w.inner) > 0 {
		if !p.held[w.addr] {
			out = append(out, gap{text: fmt.Sprintf("interface %s does not hold the address of %s", ipvsDevice, w.title()), addr: w.addr.String()})
		}
		key := fmt.Sprintf("%s/%s/%d", w.addr, w.proto, w.port)
		have, known := p.servers[key]
		if !known {
			out = append(out, gap{text: "IPVS has no virtual server for " + w.title(), addr: w.addr.String()})
		} else {
			out = append(out, w.compare(w.title(), have, w.inner)...)
		}
	}
	if len(w.outer) == 0 {
		return out
	}
	for _, a := range p.own {
		have, known := p.servers[fmt.Sprintf("%s/%s/%d", a, w.proto, w.nodePort)]
		if familyOf(a) == familyOf(w.addr) && known {
			return append(out, w.compare(w.nodePortTitle(), have, w.outer)...)
		}
	}
	return append(out, gap{text: "IPVS has no virtual server at the node's address for " + w.nodePortTitle(), addr: fmt.Sprint(w.nodePort)})
}
