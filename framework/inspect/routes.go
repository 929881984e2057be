package inspect

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/plumbline-net/plumbline/framework/facts"
)

func families() map[facts.Family]int {
	return map[facts.Family]int{facts.IPv4: netlink.FAMILY_V4, facts.IPv6: netlink.FAMILY_V6}
}

// readRoutes lists the routes of all tables. One with several next hops becomes
// as many entries.
func readRoutes(context.Context) (func(*facts.HostLook), error) {
	var out []facts.Route
	var problems []error
	names, err := linkNames()
	problems = append(problems, err)
	for _, family := range []facts.Family{facts.IPv4, facts.IPv6} {
		all, err := dumped(func() ([]netlink.Route, error) {
			anyTable := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
			return netlink.RouteListFiltered(families()[family], anyTable, netlink.RT_FILTER_TABLE)
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("listing %s routes: %w", family, err))
		}
		for _, r := range all {
			out = append(out, routesOf(r, family, names)...)
		}
	}
	return func(h *facts.HostLook) { h.Routes = out }, errors.Join(problems...)
}

func linkNames() (map[int]string, error) {
	links, err := dumped(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	return names, nil
}

func routesOf(r netlink.Route, family facts.Family, names map[int]string) []facts.Route {
	one := facts.Route{
		Gateway: address(r.Gw), Dev: names[r.LinkIndex], Src: address(r.Src),
		Type: routeType(r.Type), Table: r.Table, Metric: r.Priority, Proto: int(r.Protocol), MTU: r.MTU, Family: family,
	}
	// The default route is told by an invalid prefix.
	if p, ok := prefix(r.Dst); ok && (p.Bits() > 0 || !p.Addr().IsUnspecified()) {
		one.Dst = p
	}
	if via, ok := r.Via.(*netlink.Via); ok && !one.Gateway.IsValid() {
		one.Gateway = address(via.Addr)
	}
	if len(r.MultiPath) == 0 {
		return []facts.Route{one}
	}
	var out []facts.Route
	for _, hop := range r.MultiPath {
		next := one
		next.Gateway, next.Dev = address(hop.Gw), names[hop.LinkIndex]
		if via, ok := hop.Via.(*netlink.Via); ok && !next.Gateway.IsValid() {
			next.Gateway = address(via.Addr)
		}
		out = append(out, next)
	}
	return out
}

// routeType is the word of ip-route(8) for rtm_type (linux/rtnetlink.h).
func routeType(t int) string {
	words := [...]string{
		"unspec", "unicast", "local", "broadcast", "anycast", "multicast",
		"blackhole", "unreachable", "prohibit", "throw", "nat",
	}
	if t >= 0 && t < len(words) {
		return words[t]
	}
	return strconv.Itoa(t)
}
