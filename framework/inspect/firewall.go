package inspect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/plumbline-net/plumbline/framework/facts"
)

// dumper is one firewall tool, and what says that the kernel holds nothing for
// it to show. Running a tool whose part of the kernel is not there would make the
// kernel load it (request_module), and looking must not change the host.
type dumper struct {
	tool    string
	command []string
	// empty gives a text that stands for "no rules", or "" where the tool has to be run.
	empty func() (string, error)
}

// Every dump is with counters (-c; nft has them anyway): a rule that counts
// between two looks is one that packets meet.
func dumpers(has func(symbol string) (bool, error)) []dumper {
	nftables := func(text string) func() (string, error) {
		return func() (string, error) {
			present, err := has("nft_do_chain")
			if err != nil || present {
				return "", err
			}
			return text, nil
		}
	}
	const none = "# nf_tables is not in this kernel: it holds no rules\n"
	return []dumper{
		{"iptables-nft-save", []string{"iptables-nft-save", "-c"}, nftables(none)},
		{"ip6tables-nft-save", []string{"ip6tables-nft-save", "-c"}, nftables(none)},
		{"iptables-legacy-save", []string{"iptables-legacy-save", "-c"}, legacyTables("/proc/net/ip_tables_names")},
		{"ip6tables-legacy-save", []string{"ip6tables-legacy-save", "-c"}, legacyTables("/proc/net/ip6_tables_names")},
		{"nft", []string{"nft", "--json", "list", "ruleset"}, nftables(`{"nftables": []}`)},
	}
}

// readFirewall dumps the rules with every tool there is. What failed stands in
// the dump's NotRun, so there is never an error here.
func readFirewall(ctx context.Context, has func(symbol string) (bool, error)) (func(*facts.HostLook), error) {
	all := dumpers(has)
	out := make([]facts.Dump, len(all))
	var running sync.WaitGroup
	for i, d := range all {
		running.Go(func() { out[i] = d.dump(ctx) })
	}
	running.Wait()
	return func(h *facts.HostLook) { h.Firewall = out }, nil
}

func (d dumper) dump(ctx context.Context) facts.Dump {
	text, err := d.empty()
	if err == nil && text == "" {
		text, err = output(ctx, d.command)
	}
	if err != nil {
		return facts.Dump{Tool: d.tool, NotRun: err.Error()}
	}
	return facts.Dump{Tool: d.tool, Text: text}
}

// legacyTables reads the list of tables the kernel has in this network
// namespace. Without a table there is nothing to save, while iptables-legacy-save
// would have the ip_tables module loaded.
func legacyTables(path string) func() (string, error) {
	return func() (string, error) {
		raw, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("reading which legacy tables there are: %w", err)
		}
		if strings.TrimSpace(string(raw)) == "" {
			return "# " + path + " names no table: the kernel holds no legacy rules\n", nil
		}
		return "", nil
	}
}
