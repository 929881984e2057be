package inspect

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

type apply = func(*facts.HostLook)

// lookOf is a look of one part alone, which must succeed.
func lookOf(t *testing.T, read func() (apply, error)) facts.HostLook {
	t.Helper()
	change, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var h facts.HostLook
	change(&h)
	return h
}

func TestOnlyConfigurationsOfCNIAreRead(t *testing.T) {
	root := tree(t, map[string]string{
		"etc/cni/net.d/10-flannel.conflist": `{"name": "cbr0"}`, "etc/cni/net.d/calico-kubeconfig": "token: secret", "etc/cni/net.d/99.conf": "-> /etc/elsewhere",
		"etc/elsewhere": "x", "etc/cni/net.d/large.json": strings.Repeat("x", maxCNI+1), "etc/cni/net.d/multus.d/x.conf": "a folder is no file",
	})
	cni := lookOf(t, func() (apply, error) { return readCNI(root) }).CNI
	if cni == nil || cni.Dir != "/etc/cni/net.d" || len(cni.Files) != 4 {
		t.Fatalf("%+v", cni)
	}
	for i, want := range []facts.Text{
		{Path: "/etc/cni/net.d/10-flannel.conflist", Text: `{"name": "cbr0"}`},
		{Path: "/etc/cni/net.d/99.conf", Text: "x"},
		{Path: "/etc/cni/net.d/calico-kubeconfig", NotRun: "secrets"},
		{Path: "/etc/cni/net.d/large.json", NotRun: "larger"},
	} {
		got := cni.Files[i]
		if got.Path != want.Path || got.Text != want.Text || (got.NotRun == "") != (want.NotRun == "") || !strings.Contains(got.NotRun, want.NotRun) {
			t.Errorf("%+v, expected %+v", got, want)
		}
	}
}

func TestTheFolderOfCNIIsTheOneThatIsThere(t *testing.T) {
	k3s := tree(t, map[string]string{"var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist": "{}"})
	if cni := lookOf(t, func() (apply, error) { return readCNI(k3s) }).CNI; cni.Dir != "/var/lib/rancher/k3s/agent/etc/cni/net.d" || len(cni.Files) != 1 {
		t.Errorf("%+v", cni)
	}
	if cni := lookOf(t, func() (apply, error) { return readCNI(t.TempDir()) }).CNI; cni == nil || cni.Dir != "/etc/cni/net.d" || cni.Files != nil {
		t.Errorf("a host without any: %+v", cni)
	}
}

func TestTheLoadIsReadWithAndWithoutPressure(t *testing.T) {
	files := map[string]string{
		"proc/loadavg": "0.50 0.40 0.30 1/200 4711\n", "proc/meminfo": "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:    8192 kB\n",
		"sys/devices/system/cpu/online": "0-3\n",
	}
	read := func() *facts.Load {
		root := tree(t, files)
		return lookOf(t, func() (apply, error) { return readLoad(root+"/proc", root+"/sys") }).Load
	}
	l := read()
	if l.CPUs != 4 || l.Load1 != 0.5 || l.Load15 != 0.3 || l.MemTotal != 16<<20 || l.MemAvailable != 8<<20 || len(l.Stall) != 0 {
		t.Errorf("%+v", l)
	}
	files["proc/pressure/cpu"] = "some avg10=1.50 avg60=0.10 avg300=0.00 total=100\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
	if l := read(); l.Stall["cpu.some.avg10"] != 1.5 || l.Stall["cpu.some.avg60"] != 0.1 {
		t.Errorf("%+v", l.Stall)
	}
}

func TestThePartsOfTheLoadMeetInAnyOrder(t *testing.T) {
	root := t.TempDir()
	parts := []func() (apply, error){
		func() (apply, error) { return readLoad("/proc", "/sys") },
		func() (apply, error) { return readFilesystems(root) },
		func() (apply, error) { return readCompute(t.Context()) },
	}
	for first := range parts {
		var h facts.HostLook
		for i := range parts {
			change, err := parts[(first+i)%len(parts)]()
			if err != nil {
				t.Fatal(err)
			}
			change(&h)
		}
		if l := h.Load; l.CPUs == 0 || l.MemTotal == 0 || l.ComputeMicros == 0 || len(l.Filesystems) != 1 || l.Filesystems[0].Size == 0 {
			t.Errorf("%+v", h.Load)
		}
	}
}

func TestTheComputationIsTheSameEverywhere(t *testing.T) {
	if got := compute(1000); got != compute(1000) || got != 0xe3e3921ae869c51 {
		t.Errorf("%#x", got)
	}
	if h := Look(t.Context(), wire.Inspect{}); h.Load == nil || h.Load.ComputeMicros != 0 {
		t.Errorf("nobody has asked for it: %+v", h.Load)
	}
}

func TestKubeProxyAnswersOrItIsSaidWhyNot(t *testing.T) {
	handler := http.NewServeMux()
	handler.HandleFunc("/mode", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("nftables\n")) })
	handler.HandleFunc("/sick", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"healthy":false}`))
	})
	handler.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/mode", http.StatusFound) })
	handler.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(handler)
	defer server.Close()
	closed := httptest.NewServer(handler)
	closed.Close()
	client := proxyClient()
	client.Timeout = 200 * time.Millisecond
	cases := map[string]struct {
		addresses    []string
		text, notRun string
	}{
		"it answers":                     {[]string{server.URL + "/mode"}, "nftables", ""},
		"it is not healthy":              {[]string{server.URL + "/sick"}, `{"healthy":false}`, ""},
		"another has the port":           {[]string{server.URL + "/other"}, "", "404"},
		"it sends us away":               {[]string{server.URL + "/moved"}, "", "302"},
		"nobody is there":                {[]string{closed.URL + "/mode"}, "", "refused"},
		"it is on the other family only": {[]string{closed.URL + "/mode", server.URL + "/mode"}, "nftables", ""},
		"it hangs":                       {[]string{server.URL + "/hang"}, "", "does not answer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := answerOf(t.Context(), client, c.addresses...)
			if got.Text != c.text || (got.NotRun == "") != (c.notRun == "") || !strings.Contains(got.NotRun, c.notRun) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTheMachineIDIsThatOfTheHost(t *testing.T) {
	root := tree(t, map[string]string{"etc/machine-id": "77505896202d11075cce4b32655cd4e5\n"})
	if h := lookOf(t, func() (apply, error) { return readMachineID(root) }); h.MachineID != "77505896202d11075cce4b32655cd4e5" {
		t.Errorf("%q", h.MachineID)
	}
	if _, err := readMachineID(t.TempDir()); err == nil {
		t.Error("a host without is not told")
	}
}

// BenchmarkLook tells what a look costs on this host.
func BenchmarkLook(b *testing.B) {
	for b.Loop() {
		Look(b.Context(), wire.Inspect{Look: facts.Main})
	}
}
