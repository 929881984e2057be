package facts

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// folded are the parts of a look that mostly stay as they were, by their names
// in facts.json: in a large cluster each node's routes, neighbours and forwarding
// entries are as many as there are nodes.
func folded() []string {
	return []string{"sysctls", "sysctlFiles", "interfaces", "routes", "rules", "firewall", "neighbors", "fdb", "processes", "cni"}
}

// fold gives the looks as they are written: what a node's last look found as the
// first had found it is left out and named.
// rules says whether firewalls are packed whatever the size of the cluster.
func fold(looks []HostLook, rules bool) ([]HostLook, error) {
	firsts := map[string]HostLook{}
	for _, h := range looks {
		if h.Look == First && h.NotRun == "" {
			firsts[h.Node] = h
		}
	}
	out := slices.Clone(looks)
	for i := range out {
		if first, ok := firsts[out[i].Node]; ok && out[i].Look == Last && out[i].NotRun == "" {
			leaveOut(&out[i], &first)
		}
		if err := pack(&out[i], rules || len(looks) >= manyLooks); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func leaveOut(last, first *HostLook) {
	last.AsFirst = nil
	for _, name := range folded() {
		now, then := part(last, name), part(first, name)
		if !now.IsZero() && reflect.DeepEqual(now.Interface(), then.Interface()) {
			now.SetZero()
			last.AsFirst = append(last.AsFirst, name)
		}
	}
}

// unfold puts back what fold left out.
func unfold(s *Snapshot) error {
	for i := range s.Hosts {
		if err := unpack(&s.Hosts[i]); err != nil {
			return fmt.Errorf("hosts[%d].%w", i, err)
		}
	}
	for i := range s.Hosts {
		h := &s.Hosts[i]
		if len(h.AsFirst) == 0 {
			continue
		}
		first := s.Host(h.Node, First)
		if first == nil || h.Look != Last {
			return fmt.Errorf("hosts[%d].asFirst: there is no first look at %s before this", i, h.Node)
		}
		for _, name := range h.AsFirst {
			if !slices.Contains(folded(), name) {
				return fmt.Errorf("hosts[%d].asFirst: %q is not one of %s", i, name, strings.Join(folded(), ", "))
			}
			now := part(h, name)
			if !now.IsZero() {
				return fmt.Errorf("hosts[%d].asFirst: %q is there, too", i, name)
			}
			now.Set(part(first, name))
		}
		h.AsFirst = nil
	}
	return nil
}

// part is the field of a look with this name in facts.json.
func part(h *HostLook, name string) reflect.Value {
	v := reflect.ValueOf(h).Elem()
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}
