package cluster

import (
	"encoding/json"
	"net/netip"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// flannel is the prefix of what flannel's kube subnet manager writes about a node
// (flannel, pkg/subnet/kube).
const flannel = "flannel.alpha.coreos.com/"

// publishedBy reads what the CNI tells the other nodes about one; nil where it
// tells nothing that we know how to read.
func publishedBy(annotations map[string]string) *facts.Published {
	out := facts.Published{Backend: annotations[flannel+"backend-type"]}
	for _, name := range []string{"public-ip", "public-ipv6"} {
		if addr, err := netip.ParseAddr(annotations[flannel+name]); err == nil {
			out.Addrs = append(out.Addrs, addr)
		}
	}
	out.MAC, out.VNI = backendData(annotations[flannel+"backend-data"])
	mac6, vni6 := backendData(annotations[flannel+"backend-v6-data"])
	out.MAC6 = mac6
	if out.VNI == 0 {
		out.VNI = vni6
	}
	if out.Backend == "" && len(out.Addrs) == 0 && out.MAC == "" && out.MAC6 == "" {
		return nil
	}
	return &out
}

// backendData is that of flannel's VXLAN; other back ends write "null", or
// something without these fields.
func backendData(text string) (mac string, vni int) {
	var data struct {
		VNI     int
		VtepMAC string
	}
	if json.Unmarshal([]byte(text), &data) != nil {
		return "", 0
	}
	return data.VtepMAC, data.VNI
}
