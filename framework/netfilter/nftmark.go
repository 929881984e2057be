package netfilter

import (
	"encoding/json"
	"strconv"
	"strings"
)

func (b *ruleBuilder) mangle(body json.RawMessage) {
	var m struct {
		Key   json.RawMessage
		Value json.RawMessage
	}
	if json.Unmarshal(body, &m) != nil || !strings.Contains(string(m.Key), `"meta"`) || !strings.Contains(string(m.Key), `"mark"`) {
		return
	}
	b.rule.Mark = markValue(m.Value)
}

// markValue reads a new mark: a number, or the old mark combined with one.
func markValue(raw json.RawMessage) *MarkChange {
	if v, err := strconv.ParseUint(string(raw), 10, 32); err == nil {
		return &MarkChange{Known: true, Value: uint32(v), Mask: 0xffffffff}
	}
	name, body, err := single(raw)
	var sides []json.RawMessage
	if err != nil || json.Unmarshal(body, &sides) != nil || len(sides) != 2 || !strings.Contains(string(sides[0]), `"mark"`) {
		return &MarkChange{}
	}
	n, err := strconv.ParseUint(string(sides[1]), 10, 32)
	v := uint32(n)
	switch {
	case err != nil:
		return &MarkChange{}
	case name == "|":
		return &MarkChange{Known: true, Value: v, Mask: v}
	case name == "^":
		return &MarkChange{Known: true, Value: v}
	case name == "&":
		return &MarkChange{Known: true, Mask: ^v}
	default:
		return &MarkChange{}
	}
}

func markIs(m *Match, mask uint32, words []string) {
	if len(words) != 1 {
		return
	}
	if v, err := strconv.ParseUint(words[0], 10, 32); err == nil {
		m.Kind, m.Value, m.Mask = Mark, uint32(v), mask
	}
}

func maskedMark(m *Match, left json.RawMessage, words []string) {
	var sides []json.RawMessage
	if json.Unmarshal(left, &sides) != nil || len(sides) != 2 {
		return
	}
	var meta struct{ Meta struct{ Key string } }
	mask, err := strconv.ParseUint(string(sides[1]), 10, 32)
	if json.Unmarshal(sides[0], &meta) == nil && meta.Meta.Key == "mark" && err == nil {
		markIs(m, uint32(mask), words)
	}
}
