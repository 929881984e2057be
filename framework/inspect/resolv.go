package inspect

import (
	"github.com/plumbline-net/plumbline/framework/facts"
)

// resolvConf is where a resolver's configuration is, on hosts and in pods.
const resolvConf = "/etc/resolv.conf"

func readHostResolvConf(root string) (func(*facts.HostLook), error) {
	text := ResolvConf(root)
	return func(h *facts.HostLook) { h.ResolvConf = text }, nil
}

// ResolvConf reads /etc/resolv.conf below root ("/" for a pod's own). Links are
// followed inside root; what could not be read says why.
func ResolvConf(root string) *facts.Text {
	text, err := readBelow(root, resolvConf)
	if err != nil {
		return &facts.Text{Path: resolvConf, NotRun: err.Error()}
	}
	return &facts.Text{Path: resolvConf, Text: text}
}
