package netfilter

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
)

// values flattens the right side of a match into words; false where a part is
// not a plain value or prefix.
func (b *ruleBuilder) values(raw json.RawMessage) ([]string, bool) {
	var one any
	if json.Unmarshal(raw, &one) != nil {
		return nil, false
	}
	switch v := one.(type) {
	case string:
		if name, isSet := strings.CutPrefix(v, "@"); isSet {
			elems, ok := b.sets[b.scope+name]
			if !ok {
				return nil, false
			}
			return b.all(elems)
		}
		return []string{v}, true
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, true
	case []any:
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, false
		}
		return b.all(list)
	case map[string]any:
		return b.object(raw)
	default:
		return nil, false
	}
}

func (b *ruleBuilder) all(list []json.RawMessage) ([]string, bool) {
	var out []string
	for _, raw := range list {
		words, ok := b.values(raw)
		if !ok {
			return nil, false
		}
		out = append(out, words...)
	}
	return out, true
}

func (b *ruleBuilder) object(raw json.RawMessage) ([]string, bool) {
	var o struct {
		Set    json.RawMessage
		Prefix *struct {
			Addr string
			Len  int
		}
		Elem  *struct{ Val json.RawMessage }
		Range []json.RawMessage
	}
	if json.Unmarshal(raw, &o) != nil {
		return nil, false
	}
	switch {
	case o.Set != nil:
		return b.values(o.Set)
	case o.Elem != nil:
		return b.values(o.Elem.Val)
	case len(o.Range) == 2:
		from, ok := b.values(o.Range[0])
		to, ok2 := b.values(o.Range[1])
		if !ok || !ok2 || len(from) != 1 || len(to) != 1 {
			return nil, false
		}
		return []string{from[0] + "-" + to[0]}, true
	case o.Prefix != nil:
		a, err := netip.ParseAddr(o.Prefix.Addr)
		if err != nil {
			return nil, false
		}
		return []string{netip.PrefixFrom(a, o.Prefix.Len).String()}, true
	default:
		return nil, false
	}
}
