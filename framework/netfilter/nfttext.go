package netfilter

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// statementText prints a statement in nft's own language as far as it is one of
// the common ones; the rest stays JSON, so nothing is left out.
func statementText(name string, body json.RawMessage) string {
	switch name {
	case "match":
		return matchText(body)
	case "counter":
		return "counter" // its figures change, the rule does not
	case "jump", "goto":
		var to struct{ Target string }
		if json.Unmarshal(body, &to) == nil {
			return name + " " + to.Target
		}
	case "reject":
		var r struct{ Type, Expr string }
		if json.Unmarshal(body, &r) == nil && r.Type != "" {
			return strings.TrimSpace("reject with " + r.Type + " " + r.Expr)
		}
		return name
	}
	if len(body) == 0 || string(body) == "null" {
		return name
	}
	return fmt.Sprintf("%s %s", name, body)
}

func matchText(body json.RawMessage) string {
	var m struct {
		Op    string
		Left  json.RawMessage
		Right json.RawMessage
	}
	if json.Unmarshal(body, &m) != nil {
		return string(body)
	}
	op := m.Op + " "
	if m.Op == "==" || m.Op == "in" {
		op = ""
	}
	return leftText(m.Left) + " " + op + rightText(m.Right)
}

func leftText(raw json.RawMessage) string {
	name, body, err := single(raw)
	var f struct {
		Key, Protocol, Field, Mode string
		Mod                        int
	}
	if err != nil || json.Unmarshal(body, &f) != nil {
		return string(raw)
	}
	switch {
	case name == "numgen" && f.Mod > 0:
		return fmt.Sprintf("numgen %s mod %d", f.Mode, f.Mod)
	case name == "payload" && f.Field != "":
		return f.Protocol + " " + f.Field
	case f.Key == "iifname" || f.Key == "oifname" || f.Key == "iif" || f.Key == "oif":
		return f.Key
	case f.Key != "":
		return name + " " + f.Key
	default:
		return string(raw)
	}
}

func rightText(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	return valueText(v)
}

func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var words []string
		for _, e := range v {
			words = append(words, valueText(e))
		}
		return "{ " + strings.Join(words, ", ") + " }"
	case map[string]any:
		if set, ok := v["set"]; ok && len(v) == 1 {
			return valueText(set)
		}
		if p, ok := v["prefix"].(map[string]any); ok {
			return valueText(p["addr"]) + "/" + valueText(p["len"])
		}
		if r, ok := v["range"].([]any); ok && len(r) == 2 {
			return valueText(r[0]) + "-" + valueText(r[1])
		}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
