package cluster

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is a selector of the form cni.ByExpression as a test of labels: all(), global(), has(k), k == 'v', k != 'v',
// k in {…}, k not in {…}, k contains | starts with | ends with 'v', !, &&, ||, ( ).
type expression func(map[string]string) bool

var expressionToken = regexp.MustCompile(`^\s*(\|\||&&|==|!=|!|\(|\)|\{|\}|,|'[^']*'|"[^"]*"|[A-Za-z0-9_./-]+)`)

func parseExpression(text string) (expression, error) {
	if strings.TrimSpace(text) == "" {
		return func(map[string]string) bool { return true }, nil
	}
	p := &expressionParser{}
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := expressionToken.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("reading the selector %q: %.20q is not understood", text, rest)
		}
		p.tokens, rest = append(p.tokens, m[1]), rest[len(m[0]):]
	}
	e, err := p.either()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q follows its end", p.tokens[0])
	}
	if err != nil {
		return nil, fmt.Errorf("reading the selector %q: %w", text, err)
	}
	return e, nil
}

type expressionParser struct{ tokens []string }

// take removes the next tokens where they are these.
func (p *expressionParser) take(words ...string) bool {
	if len(p.tokens) < len(words) || !slices.Equal(p.tokens[:len(words)], words) {
		return false
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *expressionParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *expressionParser) either() (expression, error) {
	left, err := p.both()
	for err == nil && p.take("||") {
		var right expression
		l := left
		if right, err = p.both(); err == nil {
			left = func(m map[string]string) bool { return l(m) || right(m) }
		}
	}
	return left, err
}

func (p *expressionParser) both() (expression, error) {
	left, err := p.one()
	for err == nil && p.take("&&") {
		var right expression
		l := left
		if right, err = p.one(); err == nil {
			left = func(m map[string]string) bool { return l(m) && right(m) }
		}
	}
	return left, err
}

func (p *expressionParser) one() (expression, error) {
	switch {
	case p.take("!"):
		e, err := p.one()
		return func(m map[string]string) bool { return !e(m) }, err
	case p.take("("):
		e, err := p.either()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return e, err
	case p.take("all", "(", ")"), p.take("global", "(", ")"):
		return func(map[string]string) bool { return true }, nil
	case p.take("has", "("):
		key := p.next()
		if !p.take(")") {
			return nil, fmt.Errorf("has(%s is not closed", key)
		}
		return func(m map[string]string) bool { _, ok := m[key]; return ok }, nil
	}
	return p.comparison(p.next())
}

func (p *expressionParser) comparison(key string) (expression, error) {
	switch {
	case p.take("=="):
		return p.with(key, func(v, want string) bool { return v == want })
	case p.take("!="): // also where the label is missing
		want, err := p.literal()
		return func(m map[string]string) bool { v, ok := m[key]; return !ok || v != want }, err
	case p.take("contains"):
		return p.with(key, strings.Contains)
	case p.take("starts", "with"):
		return p.with(key, strings.HasPrefix)
	case p.take("ends", "with"):
		return p.with(key, strings.HasSuffix)
	case p.take("in"):
		set, err := p.set()
		return func(m map[string]string) bool { v, ok := m[key]; return ok && slices.Contains(set, v) }, err
	case p.take("not", "in"):
		set, err := p.set()
		return func(m map[string]string) bool { v, ok := m[key]; return !ok || !slices.Contains(set, v) }, err
	}
	return nil, fmt.Errorf("after %q an operator is missing", key)
}

func (p *expressionParser) with(key string, holds func(v, want string) bool) (expression, error) {
	want, err := p.literal()
	return func(m map[string]string) bool { v, ok := m[key]; return ok && holds(v, want) }, err
}

func (p *expressionParser) literal() (string, error) {
	t := p.next()
	if len(t) < 2 || t[0] != '\'' && t[0] != '"' {
		return "", fmt.Errorf("%q is not a value in quotes", t)
	}
	return t[1 : len(t)-1], nil
}

func (p *expressionParser) set() ([]string, error) {
	if !p.take("{") {
		return nil, fmt.Errorf("a set in braces is missing")
	}
	var out []string
	for !p.take("}") {
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !p.take(",") && (len(p.tokens) == 0 || p.tokens[0] != "}") {
			return nil, fmt.Errorf("a set is not closed")
		}
	}
	return out, nil
}
