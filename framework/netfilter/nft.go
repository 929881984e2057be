package netfilter

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// nftObject is one entry of the ruleset; exactly one field is set (libnftables-json(5)).
type nftObject struct {
	Table *nftTable `json:"table"`
	Chain *nftChain `json:"chain"`
	Set   *nftSet   `json:"set"`
	Map   *nftMap   `json:"map"`
	Rule  *nftRule  `json:"rule"`
}

type nftTable struct {
	Family string          `json:"family"`
	Name   string          `json:"name"`
	Flags  json.RawMessage `json:"flags"` // a word or a list of words
}

type nftChain struct {
	Family string          `json:"family"`
	Table  string          `json:"table"`
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Hook   string          `json:"hook"`
	Prio   int             `json:"prio"`
	Policy string          `json:"policy"`
	Dev    json.RawMessage `json:"dev"` // a word or a list of words; tools before 1.0.7 leave it out
}

type nftSet struct {
	Family string            `json:"family"`
	Table  string            `json:"table"`
	Name   string            `json:"name"`
	Elem   []json.RawMessage `json:"elem"`
}

type nftRule struct {
	Family  string            `json:"family"`
	Table   string            `json:"table"`
	Chain   string            `json:"chain"`
	Handle  int               `json:"handle"`
	Comment string            `json:"comment"`
	Expr    []json.RawMessage `json:"expr"`
}

// ParseNft reads the output of `nft --json list ruleset`: its chains, and its maps
// with verdicts, but for the tables ("ip filter") that another dump has told. The
// error names the line or the object.
func ParseNft(text string, told map[string]bool) ([]Chain, []Map, error) {
	var doc struct {
		Objects []nftObject `json:"nftables"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, nil, fmt.Errorf("reading nft, line %d: %w", errorLine(text, err), err)
	}
	p := nftParser{sets: map[string][]json.RawMessage{}, leave: maps.Clone(told), index: map[string]int{}}
	if p.leave == nil {
		p.leave = map[string]bool{}
	}
	for _, o := range doc.Objects { // a rule may name a set that is listed behind it
		switch {
		case o.Set != nil:
			p.sets[o.Set.Family+" "+o.Set.Table+" "+o.Set.Name] = o.Set.Elem
		case o.Table != nil && strings.Contains(string(o.Table.Flags), "dormant"):
			p.leave[o.Table.Family+" "+o.Table.Name] = true
		}
	}
	for n, o := range doc.Objects {
		if err := p.object(o); err != nil {
			return p.chains, p.maps, fmt.Errorf("reading nft, object %d: %w", n+1, err)
		}
	}
	return p.chains, p.maps, nil
}

func errorLine(text string, err error) int {
	offset := int64(len(text))
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &kind) {
		offset = kind.Offset
	}
	return 1 + strings.Count(text[:min(offset, int64(len(text)))], "\n")
}

type nftParser struct {
	chains []Chain
	maps   []Map
	index  map[string]int
	sets   map[string][]json.RawMessage
	leave  map[string]bool // tables that are dormant, or told already
}

func (p *nftParser) object(o nftObject) error {
	switch {
	case o.Chain != nil && !p.leave[o.Chain.Family+" "+o.Chain.Table]:
		return p.chain(*o.Chain)
	case o.Rule != nil && !p.leave[o.Rule.Family+" "+o.Rule.Table]:
		return p.rule(*o.Rule)
	case o.Map != nil && !p.leave[o.Map.Family+" "+o.Map.Table]:
		return p.mapping(*o.Map)
	default:
		return nil
	}
}

func (p *nftParser) chain(c nftChain) error {
	key := c.Family + " " + c.Table + " " + c.Name
	if _, twice := p.index[key]; twice {
		return fmt.Errorf("chain %s stands twice", key)
	}
	p.index[key] = len(p.chains)
	p.chains = append(p.chains, Chain{
		Tool: nftTool, Family: c.Family, Table: c.Table, Name: c.Name,
		Hook: c.Hook, Type: c.Type, Priority: c.Prio, Devices: wordOrList(c.Dev), DropPolicy: c.Policy == "drop",
	})
	return nil
}

func wordOrList(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var word string
	if json.Unmarshal(raw, &word) == nil && word != "" {
		return []string{word}
	}
	return nil
}

func (p *nftParser) rule(n nftRule) error {
	at, ok := p.index[n.Family+" "+n.Table+" "+n.Chain]
	if !ok {
		return fmt.Errorf("rule for chain %.40q, which table %s %s does not have", n.Chain, n.Family, n.Table)
	}
	c := &p.chains[at]
	r := Rule{Position: len(c.Rules) + 1, Handle: n.Handle, Target: Target{Kind: Continue}}
	b := ruleBuilder{rule: &r, sets: p.sets, scope: n.Family + " " + n.Table + " "}
	var words []string
	for _, raw := range n.Expr {
		name, body, err := single(raw)
		if err != nil {
			return fmt.Errorf("rule %d of chain %s: %w", r.Position, n.Chain, err)
		}
		b.statement(name, body)
		words = append(words, statementText(name, body))
	}
	if n.Comment != "" {
		words = append(words, fmt.Sprintf("comment %q", n.Comment))
	}
	r.Text = strings.Join(words, " ")
	c.Rules = append(c.Rules, r)
	return nil
}

// single takes apart an object that has one field; nft writes bare words for some statements.
func single(raw json.RawMessage) (name string, body json.RawMessage, err error) {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return word, nil, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return "", nil, fmt.Errorf("reading %.60q: %w", raw, err)
	}
	if len(fields) != 1 {
		return "", nil, fmt.Errorf("%.60q has %d fields, one expected", raw, len(fields))
	}
	for name, body = range fields {
	}
	return name, body, nil
}
