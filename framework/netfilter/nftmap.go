package netfilter

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

type nftMap struct {
	Family string              `json:"family"`
	Table  string              `json:"table"`
	Name   string              `json:"name"`
	Map    json.RawMessage     `json:"map"` // the type of its values
	Elem   [][]json.RawMessage `json:"elem"`
}

// mapping keeps a map whose values are verdicts; others decide nothing.
func (p *nftParser) mapping(n nftMap) error {
	if string(n.Map) != `"verdict"` {
		return nil
	}
	m := Map{Family: n.Family, Table: n.Table, Name: n.Name}
	for i, pair := range n.Elem {
		if len(pair) != 2 {
			return fmt.Errorf("element %d of map %s has %d parts, two expected", i+1, n.Name, len(pair))
		}
		m.Elems = append(m.Elems, MapElem{Key: mapKey(pair[0]), Target: verdict(pair[1])})
	}
	p.maps = append(p.maps, m)
	return nil
}

// mapKey flattens a key; nil where one of its parts is not a plain value.
func mapKey(raw json.RawMessage) []string {
	var key struct {
		Concat []json.RawMessage
		Elem   *struct{ Val json.RawMessage }
	}
	if json.Unmarshal(raw, &key) == nil && key.Elem != nil {
		return mapKey(key.Elem.Val)
	}
	b := ruleBuilder{}
	parts := key.Concat
	if parts == nil {
		parts = []json.RawMessage{raw}
	}
	words, ok := b.all(parts)
	if !ok {
		return nil
	}
	return words
}

// verdict reads a value such as {"goto": {"target": "x"}} or {"drop": null}.
func verdict(raw json.RawMessage) Target {
	name, body, err := single(raw)
	if err != nil {
		return Target{}
	}
	var r Rule
	b := ruleBuilder{rule: &r}
	switch name {
	case "jump", "goto", "drop", "accept", "return", "continue":
		b.statement(name, body)
	}
	return r.Target
}

// verdictMap reads a vmap statement: the targets it holds itself, or the name of the map.
func verdictMap(body json.RawMessage) ([]Target, string) {
	var m struct{ Data json.RawMessage }
	if json.Unmarshal(body, &m) != nil {
		return nil, ""
	}
	var name string
	if json.Unmarshal(m.Data, &name) == nil {
		return nil, strings.TrimPrefix(name, "@")
	}
	var inner struct{ Set [][]json.RawMessage }
	if json.Unmarshal(m.Data, &inner) != nil {
		return nil, ""
	}
	var out []Target
	for _, pair := range inner.Set {
		if len(pair) == 2 {
			out = append(out, verdict(pair[1]))
		}
	}
	return out, ""
}

// nftTranslation are the addresses and ports that a dnat statement names: one, or
// the values of a map from which it takes one.
func nftTranslation(body json.RawMessage) []netip.AddrPort {
	var to struct {
		Addr json.RawMessage
		Port uint16
	}
	if json.Unmarshal(body, &to) != nil {
		return nil
	}
	var choice struct {
		Map *struct {
			Data struct{ Set [][]json.RawMessage }
		}
	}
	if json.Unmarshal(to.Addr, &choice) != nil || choice.Map == nil {
		return appendPlace(nil, to.Addr, to.Port)
	}
	var out []netip.AddrPort
	for _, pair := range choice.Map.Data.Set {
		if len(pair) == 2 {
			out = appendPlace(out, pair[1], to.Port)
		}
	}
	return out
}

// appendPlace adds an address, or an address and port held together; what is
// neither is left out.
func appendPlace(list []netip.AddrPort, raw json.RawMessage, port uint16) []netip.AddrPort {
	var both struct{ Concat []json.RawMessage }
	if json.Unmarshal(raw, &both) == nil && len(both.Concat) == 2 {
		if json.Unmarshal(both.Concat[1], &port) != nil {
			return list
		}
		raw = both.Concat[0]
	}
	var one string
	if json.Unmarshal(raw, &one) != nil || port == 0 {
		return list
	}
	a, err := netip.ParseAddr(one)
	if err != nil {
		return list
	}
	return append(list, netip.AddrPortFrom(a, port))
}
