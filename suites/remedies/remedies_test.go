package remedies_test

import (
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/remedies"
)

func TestASettingIsKeptWhereItWouldOtherwiseBeLost(t *testing.T) {
	const name = "net.ipv4.ip_forward"
	line := func(file, value string) facts.SysctlSetting {
		return facts.SysctlSetting{File: file, Line: 4, Key: name, Value: value}
	}
	for what, tc := range map[string]struct {
		files []facts.SysctlSetting
		want  string
	}{
		"the file of the administrator that wins is corrected": {
			[]facts.SysctlSetting{line("/etc/sysctl.d/10-k8s.conf", "1"), line("/etc/sysctl.d/99-site.conf", "0")},
			"sed -i '4s|.*|net.ipv4.ip_forward = 1|' /etc/sysctl.d/99-site.conf",
		},
		"a package's file is left alone, and a file of our own wins over it": {
			[]facts.SysctlSetting{line("/usr/lib/sysctl.d/90-hard.conf", "0")},
			`printf '%s\n' 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/zz-forward.conf`,
		},
		"where no file sets it, one of our own does": {
			nil, `printf '%s\n' 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/zz-forward.conf`,
		},
		"where the files are right, a program wrote it": {
			[]facts.SysctlSetting{line("/etc/sysctl.d/10-k8s.conf", "1")}, "grep -rsnIE -- 'ip_forward' ",
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := factstest.Healthy(2)
			for _, look := range []facts.Look{facts.First, facts.Last} {
				s.Host("n2", look).SysctlFiles = &facts.SysctlFiles{Settings: tc.files}
			}
			got := remedies.Keep(s, "n2", "forward", remedies.Setting{Name: name, Value: "1"})
			if len(got) != 1 || got[0].Purpose != check.Last || got[0].Node != "n2" || !strings.HasPrefix(got[0].Command, tc.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestASettingOfAnInterfaceWithADotIsFoundInTheFiles(t *testing.T) {
	s := factstest.Healthy(1)
	s.Host("n1", facts.Last).SysctlFiles = &facts.SysctlFiles{Settings: []facts.SysctlSetting{
		{File: "/etc/sysctl.conf", Line: 7, Key: "-net/ipv4/conf/flannel.1/rp_filter", Value: "1"},
	}}
	got := remedies.Keep(s, "n1", "rp-filter", remedies.Setting{Name: "net.ipv4.conf.flannel/1.rp_filter", Value: "2"})
	if len(got) != 1 || got[0].Command != "sed -i '7s|.*|-net/ipv4/conf/flannel.1/rp_filter = 2|' /etc/sysctl.conf" {
		t.Errorf("%+v", got)
	}
}

func TestWhatServesTheServicesIsRestarted(t *testing.T) {
	s := factstest.Healthy(2)
	if got := remedies.RestartProxy(s, "n2").Command; got != "kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=n2" {
		t.Error(got)
	}
	factstest.WithoutProxy(s)
	s.Cluster.CNI = "cilium"
	if got := remedies.RestartProxy(s, "n2").Command; got != "kubectl -n kube-flannel delete pod kube-flannel-2" {
		t.Error(got)
	}
}

func TestAPodWhoseImageIsMissingGoesBackBeforeItIsMadeAnew(t *testing.T) {
	pod := facts.Pod{Namespace: "kube-system", Name: "kube-proxy-x", Node: "n3", Owner: "DaemonSet/kube-proxy-v2"}
	for reason, want := range map[string]string{
		"CrashLoopBackOff": "kubectl -n kube-system delete pod kube-proxy-x",
		"ImagePullBackOff": "kubectl -n kube-system rollout undo daemonset kube-proxy-v2",
	} {
		pod.Reason = reason
		for _, step := range remedies.Revive(pod, "kube-proxy") {
			if step.Purpose == check.Repair {
				if step.Command != want {
					t.Errorf("%s: first %s", reason, step.Command)
				}
				break
			}
		}
	}
}

func TestSeveralChecksAreRepeatedInOneRun(t *testing.T) {
	for _, tc := range []struct {
		ids  []string
		want string
	}{
		{[]string{"dns/records"}, "plumbline run --checks dns/records"},
		{[]string{"service/large-transfer", "mtu/*"}, "plumbline run --checks 'service/large-transfer,mtu/*'"},
	} {
		if got := remedies.Again(tc.ids...); got.Command != tc.want || got.Purpose != check.Verify {
			t.Errorf("%+v", got)
		}
	}
}
