package inspect

import "testing"

func TestWhatCountsIsReadAndNothingElse(t *testing.T) {
	h := Counted(t.Context())
	if len(h.Firewall) != len(dumpers(nil)) || h.Firewall[0].Tool == "" {
		t.Errorf("the firewall is %+v", h.Firewall)
	}
	for _, name := range []string{"snmp.Udp.NoPorts", "netstat.TcpExt.ListenDrops", "iface.lo.rx_dropped", "softnet.dropped"} {
		if _, ok := h.Counters[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if h.Kernel != "" || h.Sysctls != nil || h.Interfaces != nil || h.Processes != nil || h.Sockets != nil {
		t.Errorf("more was read: %+v", h)
	}
}
