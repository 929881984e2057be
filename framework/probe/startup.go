package probe

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

const (
	// startupEvery is how soon what failed in the first moments is tried again, and
	// startupTry how long one try may take: shorter than the five seconds of a
	// resolver, so that the time of the first success is known well.
	startupEvery = 100 * time.Millisecond
	startupTry   = time.Second
	// startupMost is when it is given up.
	startupMost = 10 * time.Second
)

// Startup tries until it works, or ten seconds are over, what an application does
// first: to look up kubernetes.default.svc as resolv.conf (a path) says, and to
// connect to the Service default/kubernetes. Times count from began. A service
// that is the zero value is not known.
func Startup(ctx context.Context, began time.Time, resolvConf string, service netip.AddrPort) facts.Startup {
	bounded, cancel := context.WithDeadline(ctx, began.Add(startupMost))
	defer cancel()
	e := newEnv(wire.Timing{}).within(startupTry)
	var out facts.Startup
	var running sync.WaitGroup
	running.Go(func() { out.DNS = firstLookup(bounded, e, began, resolvConf) })
	running.Go(func() { out.Service = firstConnect(bounded, e, began, service) })
	running.Wait()
	return out
}

func firstLookup(ctx context.Context, e *env, began time.Time, resolvConf string) facts.FirstSuccess {
	config, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil {
		return facts.FirstSuccess{NotRun: fmt.Sprintf("reading %s: %v", resolvConf, err)}
	}
	name := apiName(config.Search)
	if name == "" || len(config.Servers) == 0 {
		return facts.FirstSuccess{NotRun: resolvConf + " names no cluster domain (svc.…), or no resolver"}
	}
	config.Attempts = 1
	return firstSuccess(ctx, began, func() facts.Attempt {
		x := e.askServers(ctx, config, name, dns.TypeA)
		if x.RCode == noData { // a cluster of IPv6 alone
			x = e.askServers(ctx, config, name, dns.TypeAAAA)
		}
		return x
	})
}

// apiName is the name of the Service default/kubernetes below the search domain
// that the kubelet writes for Services; empty where there is none.
func apiName(search []string) string {
	for _, s := range search {
		if strings.HasPrefix(s, "svc.") {
			return "kubernetes.default." + strings.TrimSuffix(s, ".") + "."
		}
	}
	return ""
}

func firstConnect(ctx context.Context, e *env, began time.Time, service netip.AddrPort) facts.FirstSuccess {
	if !service.IsValid() || service.Port() == 0 {
		return facts.FirstSuccess{NotRun: "the address of the Service default/kubernetes is not in the environment"}
	}
	target := facts.Target{ID: "api", Addr: service.Addr(), Port: service.Port()}
	return firstSuccess(ctx, began, func() facts.Attempt { return tryConnect(ctx, e, target) })
}

func firstSuccess(ctx context.Context, began time.Time, once func() facts.Attempt) facts.FirstSuccess {
	var out facts.FirstSuccess
	for ctx.Err() == nil {
		x := once()
		if x.Outcome == facts.NotRun && ctx.Err() != nil {
			break
		}
		out.Tries++
		if x.Outcome == facts.OK {
			out.Millis = max(1, int(time.Since(began).Milliseconds()))
			return out
		}
		if out.Error == "" {
			out.Error = said(x)
		}
		wait(ctx, startupEvery)
	}
	if out.Tries == 0 {
		out.NotRun = "the time was over before the first try"
	}
	return out
}

// said tells a failed attempt in a few words.
func said(x facts.Attempt) string {
	words := x.Outcome.String()
	if more := cmp.Or(x.RCode, x.Errno, x.Note); more != "" {
		words += " (" + more + ")"
	}
	return words
}
