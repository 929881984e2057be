package check_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
)

func TestStepsThatCostMoreThanTheyMayAreKnown(t *testing.T) {
	for command, want := range map[string]check.Risk{
		"kubectl drain n1 --ignore-daemonsets":                            check.Disrupt,
		"kubectl drain n1 && kubectl delete node n1":                      check.Disrupt,
		"kubectl -n default delete service web":                           check.Disrupt,
		"rm /etc/machine-id && systemd-machine-id-setup && reboot":        check.Disrupt,
		"pid=$(ss -Hltnp | grep pid); cat /proc/$pid/cgroup && kill $pid": check.Disrupt,
		"kill $(ss -lunpH 'sport = :8472' | grep -oP 'pid=\\K[0-9]+')":    check.Disrupt,
		"kill -9 4711": check.Disrupt,
		"iptables -I INPUT -p tcp --dport 10250 -j ACCEPT":                                               check.Disrupt,
		"iptables -A FORWARD -s 10.244.0.0/16 -j ACCEPT; iptables -A FORWARD -d 10.244.0.0/16 -j ACCEPT": check.Change,
		"nft chain ip filter FORWARD '{ policy accept ; }'":                                              check.Disrupt,
		"ip6tables -w -I INPUT -j ACCEPT":                                                                check.Disrupt,
		"iptables -P FORWARD ACCEPT":                                                                     check.Disrupt,
		"iptables -t nat -F":                                                                             check.Disrupt,
		"nft flush ruleset":                                                                              check.Disrupt,
		"systemctl disable --now firewalld":                                                              check.Disrupt,
		"docker exec n1 bash -c 'iptables -P FORWARD ACCEPT'":                                            check.Disrupt,
		"kill -CONT 4711":                                                                                check.Change,
		"pkill -CONT -x kube-proxy":                                                                      check.Change,
		"kubectl -n kube-system delete pod kindnet-abc":                                                  check.Change,
		"kubectl -n kube-system rollout restart daemonset kube-proxy":                                    check.Change,
		"iptables -D FORWARD -s 10.0.0.0/8 -j REJECT":                                                    check.Change,
		"nft delete rule inet lossy in handle 6":                                                         check.Change,
		"ip route replace 10.244.1.0/24 via 10.0.0.1 dev eth0":                                           check.Change,
		"sysctl -w net.ipv4.ip_forward=1":                                                                check.Change,
		"systemctl try-restart k3s k3s-agent":                                                            check.Disrupt,
		"for unit in rke2-server rke2-agent; do systemctl restart $unit; done":                           check.Disrupt,
		"systemctl try-restart snap.microk8s.daemon-kubelite":                                            check.Disrupt,
		"systemctl restart kubelet":                                                                      check.Change,
		"tc qdisc del dev eth0 root":                                                                     check.Change,
		"ip addr del 10.0.0.228/24 dev eth0":                                                             check.Change,
		"":                                                                                               check.Read,
	} {
		if got := (check.Remedy{Command: command}).Risk(); got != want {
			t.Errorf("%q: got %s, want %s", command, got, want)
		}
	}
	if got := (check.Remedy{Purpose: check.Find, Command: "iptables -S"}).Risk(); got != check.Read {
		t.Errorf("a step that looks: %s", got)
	}
}

func TestRepairsThatDisruptComeAfterThoseThatDoNot(t *testing.T) {
	drain, set := check.Remedy{Text: "drain", Command: "kubectl drain n1"}, check.Remedy{Text: "set", Command: "sysctl -w a=1"}
	last := check.Remedy{Text: "keep", Purpose: check.Last, Command: "x"}
	got := check.InOrder([]check.Remedy{last, drain, set})
	if got[0] != set || got[1] != drain || got[2] != last {
		t.Errorf("got %+v", got)
	}
}
