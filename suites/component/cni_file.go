package component

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// cniFile is one CNI configuration, or why it is none.
type cniFile struct {
	Name  string   // without the folder
	Types []string // of its plugins, in order
	// Plain is the content with sorted keys, and with what belongs to one node only replaced.
	Plain string
	Wrong string // why it is no configuration
}

// isConfig: libcni takes files with these endings, whatever else lies there.
func isConfig(name string) bool {
	return slices.Contains([]string{".conf", ".conflist", ".json"}, path.Ext(name))
}

// cniFilesOf are a node's configurations in the order of their names; the first is
// the one that counts (containerd and CRI-O take the first of the sorted names).
// Unread says which files could not be read.
func cniFilesOf(n facts.Node, files []facts.Text) (out []cniFile, unread []string) {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b facts.Text) int { return strings.Compare(path.Base(a.Path), path.Base(b.Path)) })
	for _, f := range sorted {
		switch name := path.Base(f.Path); {
		case !isConfig(name):
		case f.NotRun != "":
			unread = append(unread, f.Path+": "+f.NotRun)
			out = append(out, cniFile{Name: name})
		default:
			out = append(out, parseCNI(name, f.Text, n))
		}
	}
	return out, unread
}

// parseCNI reads a configuration: a list has "plugins", a single one a "type" (CNI
// specification, "Configuration format").
func parseCNI(name, text string, n facts.Node) cniFile {
	out := cniFile{Name: name}
	var content map[string]any
	if err := json.Unmarshal([]byte(text), &content); err != nil {
		out.Wrong = "it is no JSON object: " + err.Error()
		return out
	}
	plugins, isList := content["plugins"].([]any)
	if !isList {
		plugins = []any{content}
	}
	for _, p := range plugins {
		entry, _ := p.(map[string]any)
		kind, _ := entry["type"].(string)
		if kind == "" {
			out.Wrong = "a plugin in it has no type"
			return out
		}
		out.Types = append(out.Types, kind)
	}
	if len(out.Types) == 0 {
		out.Wrong = "it lists no plugin"
		return out
	}
	plain, err := json.Marshal(impersonal(content, n))
	if err != nil {
		out.Wrong = fmt.Sprintf("it could not be written again: %v", err)
		return out
	}
	out.Plain = string(plain)
	return out
}

// impersonal replaces what differs from node to node by right: the node's name, its
// addresses and its range of pod addresses.
func impersonal(v any, n facts.Node) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = impersonal(value, n)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = impersonal(v[i], n)
		}
		return out
	case string:
		return impersonalWord(v, n)
	default:
		return v
	}
}

func impersonalWord(word string, n facts.Node) string {
	if word == n.Name {
		return "(the node's name)"
	}
	p, err := netip.ParsePrefix(word)
	if err != nil {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return word
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if slices.Contains(n.Internal, p.Addr()) {
		return "(the node's address)"
	}
	for _, cidr := range n.PodCIDRs {
		if cidr.Contains(p.Addr()) && p.Bits() >= cidr.Bits() {
			return fmt.Sprintf("(of the node's pod CIDR, /%d)", p.Bits())
		}
	}
	return word
}
