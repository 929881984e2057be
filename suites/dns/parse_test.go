package dns

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestParseResolvConf(t *testing.T) {
	cases := []struct {
		name, text string
		servers    []string
		search     []string
		ndots      int
		unreadable []string
	}{
		{"an empty file has the default ndots", "", nil, nil, 1, nil},
		{
			"what the kubelet writes", "search a.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
			[]string{"10.96.0.10"},
			[]string{"a.svc.cluster.local", "svc.cluster.local", "cluster.local"},
			5, nil,
		},
		{
			"comments, tabs and other options", "# nameserver 1.1.1.1\n;search x\nnameserver\t10.0.0.1 # here\noptions timeout:2 ndots:2 edns0\n",
			[]string{"10.0.0.1"},
			nil, 2, nil,
		},
		{"the last of search and domain wins", "search a b\ndomain Example.COM.\n", nil, []string{"example.com"}, 1, nil},
		{"ndots has an upper bound, and nonsense is not read", "options ndots:99\noptions ndots:x ndots:-1 ndots\n", nil, nil, 15, nil},
		{"IPv6 with a zone", "nameserver fe80::1%eth0\nnameserver fd00:96::a\n", []string{"fe80::1%eth0", "fd00:96::a"}, nil, 1, nil},
		{"a nameserver that is no address", "nameserver dns.example\nnameserver\n", nil, nil, 1, []string{"dns.example"}},
		{"no newline at the end, carriage returns", "nameserver 10.0.0.1\r\noptions ndots:5", []string{"10.0.0.1"}, nil, 5, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := parseResolvConf(c.text)
			var servers []string
			for _, a := range r.nameservers {
				servers = append(servers, a.String())
			}
			if !slices.Equal(servers, c.servers) || !slices.Equal(r.search, c.search) || r.ndots != c.ndots || !slices.Equal(r.unreadable, c.unreadable) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func FuzzParseResolvConf(f *testing.F) {
	f.Add("nameserver 10.96.0.10\nsearch a b\noptions ndots:5\n")
	f.Add("nameserver x\r\n;\n#")
	f.Add("options ndots:99999999999999999999")
	f.Add("nameserver fe80::1%eth0\nnameserver 127.0.0.53\noptions edns0 trust-ad single-request-reopen\n")
	f.Add("domain a.b.\nsearch \t x\t\nsortlist 10.0.0.0/8\nnameserver 0\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		r := parseResolvConf(text)
		if r.ndots < 0 || r.ndots > mostDots {
			t.Errorf("ndots is %d", r.ndots)
		}
		if slices.ContainsFunc(r.nameservers, func(a netip.Addr) bool { return !a.IsValid() }) {
			t.Errorf("nameservers %v", r.nameservers)
		}
		if lines := strings.Count(text, "nameserver"); len(r.nameservers)+len(r.unreadable) > lines {
			t.Errorf("%d nameservers of %d lines", len(r.nameservers)+len(r.unreadable), lines)
		}
	})
}
