package netfilter

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSave reads the output of iptables-save or ip6tables-save, with or
// without counters. It gives the chains read before an error too; the error
// names the line. A dump that ends inside a table is an error: it was cut short.
func ParseSave(tool, text string) ([]Chain, error) {
	p := saveParser{tool: tool, family: "ip"}
	if strings.HasPrefix(tool, "ip6") {
		p.family = "ip6"
	}
	for n, line := range strings.Split(text, "\n") {
		if err := p.line(strings.TrimRight(line, " \t\r")); err != nil {
			return p.chains, fmt.Errorf("reading %s, line %d: %w", tool, n+1, err)
		}
	}
	if p.table != "" {
		return p.chains, fmt.Errorf("reading %s: it ends inside table %s, so it was cut short", tool, p.table)
	}
	return p.chains, nil
}

type saveParser struct {
	tool, family, table string
	chains              []Chain
	index               map[string]int // of this table's chains
}

func (p *saveParser) line(line string) error {
	switch {
	case line == "", strings.HasPrefix(line, "#"):
		return nil
	case strings.HasPrefix(line, "*"):
		if p.table != "" {
			return fmt.Errorf("table %s begins before table %s is committed", line[1:], p.table)
		}
		p.table, p.index = line[1:], map[string]int{}
		if p.table == "" {
			return fmt.Errorf("a table without a name")
		}
		return nil
	case p.table == "":
		return fmt.Errorf("%.60q stands outside a table", line)
	case line == "COMMIT":
		p.table = ""
		return nil
	case strings.HasPrefix(line, ":"):
		return p.chain(line[1:])
	case strings.HasPrefix(line, "-A "):
		return p.rule(line, nil)
	case strings.HasPrefix(line, "["):
		counters, rest, ok := strings.Cut(line, " ")
		count := readCounter(counters)
		if !ok || count == nil || !strings.HasPrefix(rest, "-A ") {
			return fmt.Errorf("%.60q is not a counted rule", line)
		}
		return p.rule(rest, count)
	default:
		return fmt.Errorf("%.60q is neither a table, a chain nor a rule", line)
	}
}

// readCounter reads "[packets:bytes]"; nil where that is not one.
func readCounter(text string) *Counter {
	inner, open := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	packets, bytes, two := strings.Cut(inner, ":")
	n, err := strconv.ParseUint(packets, 10, 64)
	m, err2 := strconv.ParseUint(bytes, 10, 64)
	if !open || !closed || !two || err != nil || err2 != nil {
		return nil
	}
	return &Counter{Packets: n, Bytes: m}
}

// builtin chains and the kernel's priorities of iptables' tables (linux/netfilter_ipv4.h).
var (
	builtinHooks = map[string]string{
		"PREROUTING": "prerouting", "INPUT": "input", "FORWARD": "forward", "OUTPUT": "output", "POSTROUTING": "postrouting",
	}
	tablePriority = map[string]int{"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
)

func (p *saveParser) chain(rest string) error {
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return fmt.Errorf("%.60q is not a chain", ":"+rest)
	}
	c := Chain{Tool: p.tool, Family: p.family, Table: p.table, Name: fields[0]}
	if _, twice := p.index[c.Name]; twice {
		return fmt.Errorf("chain %s stands twice in table %s", c.Name, p.table)
	}
	if fields[1] != "-" {
		c.Hook, c.Type, c.Priority = builtinHooks[c.Name], "filter", tablePriority[p.table]
		if p.table == "nat" {
			c.Type = "nat"
			if c.Hook == "postrouting" || c.Hook == "input" {
				c.Priority = 100
			}
		}
		c.DropPolicy = fields[1] == "DROP"
		if len(fields) > 2 {
			c.Policy = readCounter(fields[2])
		}
	}
	p.index[c.Name] = len(p.chains)
	p.chains = append(p.chains, c)
	return nil
}

func (p *saveParser) rule(line string, count *Counter) error {
	words, err := tokens(line)
	if err != nil {
		return err
	}
	if len(words) < 2 {
		return fmt.Errorf("%.60q names no chain", line)
	}
	at, ok := p.index[words[1].text]
	if !ok {
		return fmt.Errorf("rule for chain %.40q, which table %s does not have", words[1].text, p.table)
	}
	c := &p.chains[at]
	r := Rule{Position: len(c.Rules) + 1, Text: line, Count: count}
	if err := readRule(&r, words[2:], p.isChain); err != nil {
		return err
	}
	c.Rules = append(c.Rules, r)
	return nil
}

func (p *saveParser) isChain(name string) bool {
	_, ok := p.index[name]
	return ok
}

// token is one word of a rule; a quoted one is never an option.
type token struct {
	text   string
	quoted bool
}

// tokens splits a rule as iptables-restore does: blanks separate, double quotes
// hold together, a backslash takes the next character as it is.
func tokens(line string) ([]token, error) {
	var out []token
	for rest := strings.TrimLeft(line, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest[0] != '"' {
			word, after, _ := strings.Cut(rest, " ")
			out, rest = append(out, token{text: word}), after
			continue
		}
		text, after, ok := quotedWord(rest[1:])
		if !ok {
			return nil, fmt.Errorf("a quote is not closed in %.60q", line)
		}
		out, rest = append(out, token{text, true}), after
	}
	return out, nil
}

func quotedWord(rest string) (word, after string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return b.String(), rest[i+1:], true
		case '\\':
			if i++; i == len(rest) {
				return "", "", false
			}
		}
		b.WriteByte(rest[i])
	}
	return "", "", false
}
