package recognise

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// ipvsDevice holds the addresses of all Services where kube-proxy works with IPVS
// (kubernetes: pkg/proxy/ipvs).
const ipvsDevice = "kube-ipvs0"

// rulesOf is the mode of kube-proxy whose rules a host has; "" where it has none.
func rulesOf(h *facts.HostLook) string {
	if i, ok := h.Interface(ipvsDevice); ok && len(i.Addrs) > 0 {
		return "ipvs"
	}
	for _, d := range h.Firewall {
		switch {
		case d.Tool == "nft" && strings.Contains(d.Text, `"table": "kube-proxy"`), d.Tool == "nft" && strings.Contains(d.Text, `"table":"kube-proxy"`):
			return "nftables"
		case strings.HasPrefix(d.Tool, "ip") && strings.Contains(d.Text, "-A KUBE-SERVICES "):
			return "iptables"
		}
	}
	return ""
}

// holdsAll says whether a host's rules of that mode speak of every address of their
// family. Rules that a kube-proxy left behind know nothing of a new Service.
func holdsAll(h *facts.HostLook, mode string, addrs []string) bool {
	if mode == "" {
		return false
	}
	return !slices.ContainsFunc(addrs, func(a string) bool { return !holds(h, mode, a) })
}

func holds(h *facts.HostLook, mode, addr string) bool {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return false
	}
	if mode == "ipvs" {
		i, _ := h.Interface(ipvsDevice)
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
	}
	for _, d := range h.Firewall {
		switch {
		case mode == "nftables" && d.Tool == "nft" && strings.Contains(d.Text, `"`+a.String()+`"`),
			mode == "iptables" && strings.Contains(d.Text, "-d "+a.String()+"/") && strings.Contains(d.Text, "-A KUBE-SERVICES "):
			return true
		}
	}
	return false
}
