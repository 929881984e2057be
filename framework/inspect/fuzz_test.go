package inspect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func FuzzSNMP(f *testing.F) {
	f.Add(snmpText)
	f.Add("TcpExt: A\nTcpExt: -1\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parsePairs("snmp", text)
		if more := len(strings.Fields(text)); len(got) > more {
			t.Errorf("%d words gave %d counters", more, len(got))
		}
		if err == nil && strings.Contains(text, ":") && len(strings.Split(strings.TrimSpace(text), "\n"))%2 == 0 {
			for name := range got {
				if !strings.HasPrefix(name, "snmp.") || strings.ContainsAny(name, " \n") {
					t.Errorf("%q", name)
				}
			}
		}
	})
}

func FuzzSNMP6(f *testing.F) {
	f.Add(snmp6Text)
	f.Add("a\nb c d\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got, _ := parseColumns("snmp6", text); len(got) > strings.Count(text, "\n")+1 {
			t.Errorf("%v", got)
		}
	})
}

func FuzzConntrack(f *testing.F) {
	f.Add(conntrackText)
	f.Add(oldConntrackText)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseConntrack(text)
		if err == nil && len(got) == 0 {
			t.Error("neither counters nor an error")
		}
		for name, v := range got {
			if v < 0 {
				t.Errorf("%s is %d", name, v)
			}
		}
	})
}

func FuzzSoftnet(f *testing.F) {
	f.Add(softnetText)
	f.Add("zz")
	f.Fuzz(func(t *testing.T, text string) {
		proc := t.TempDir()
		if err := os.Mkdir(filepath.Join(proc, "net"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, "net", "softnet_stat"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := softnet(proc); (err == nil) != (len(got) == 4) {
			t.Errorf("%v %v", got, err)
		}
	})
}

func FuzzSocketTable(f *testing.F) {
	f.Add(tcpText)
	f.Add(udp6Text)
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		_ = parseSockets(strings.NewReader(text), "tcp", func(s socket) {
			n++
			if !s.local.IsValid() || !s.peer.IsValid() || s.recv < 0 || s.send < 0 || s.state == "" {
				t.Errorf("%+v", s)
			}
		})
		if n > strings.Count(text, "\n") {
			t.Errorf("%d sockets of %q", n, text)
		}
	})
}

func FuzzFibTrie(f *testing.F) {
	f.Add(fibTrieText)
	f.Add("|-- \n/32 host LOCAL\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range parseFibTrie(text) {
			if !a.IsGlobalUnicast() {
				t.Errorf("%s", a)
			}
		}
	})
}

func FuzzIfInet6(f *testing.F) {
	f.Add(ifInet6Text)
	f.Add("fd00 02 40 00 80 eth0\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range parseIfInet6(text) {
			if !a.Is6() || a.Zone() != "" {
				t.Errorf("%s", a)
			}
		}
	})
}

func FuzzProcessStat(f *testing.F) {
	f.Add(statText)
	f.Add(kernText)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parseStat(text); err == nil && !strings.Contains(text, "("+p.name+")") {
			t.Errorf("%+v of %q", p, text)
		}
	})
}

func FuzzProcessorList(f *testing.F) {
	f.Add("0-3,8")
	f.Fuzz(func(t *testing.T, text string) {
		if n := countList(text); n < 0 || n > 65536*(strings.Count(text, ",")+1) {
			t.Errorf("%q are %d", text, n)
		}
	})
}

// FuzzNetlink: what comes of the kernel's messages is never a panic, whatever the
// kernel of tomorrow puts into them.
func FuzzNetlink(f *testing.F) {
	f.Add(make([]byte, 72))
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 10, 0, 0, 1})
	f.Fuzz(func(_ *testing.T, message []byte) {
		_, _ = parseDiag(message)
		_, _ = parseAnswer(message, nil)
		_, _, _ = parseBridgePort(message)
		_, _ = parseQdisc(message)
		_, _, _ = parseNeighborTable(message)
		_, _ = parseRule(message, facts.IPv4)
		_, _ = parseNeighbor(message)
	})
}

func FuzzLoad(f *testing.F) {
	const pressure = "some avg10=1.50 avg60=0.10 avg300=0.00 total=100\n"
	f.Add("0.50 0.40 0.30 1/200 4711\n", "MemTotal:       16384 kB\nMemAvailable:    8192 kB\n", pressure)
	f.Add("", "MemTotal:\n", "some\n")
	f.Fuzz(func(t *testing.T, avg, mem, psi string) {
		proc := t.TempDir()
		if err := os.Mkdir(filepath.Join(proc, "pressure"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"loadavg": avg, "meminfo": mem, "pressure/cpu": psi} {
			if err := os.WriteFile(filepath.Join(proc, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		change, _ := readLoad(proc, proc)
		var h facts.HostLook
		change(&h)
		if h.Load == nil || h.Load.CPUs < 1 {
			t.Errorf("%+v", h.Load)
		}
	})
}

func FuzzSymbols(f *testing.F) {
	f.Add("0000000000000000 t nft_do_chain\t[nf_tables]\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := findSymbols(strings.NewReader(text), "nft_do_chain")
		if err == nil && got["nft_do_chain"] && !strings.Contains(text, "nft_do_chain") {
			t.Errorf("%v", got)
		}
	})
}
