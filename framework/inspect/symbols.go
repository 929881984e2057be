package inspect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// kernelSymbols are asked for before something is read whose reading would have
// the kernel load the module that has them.
func kernelSymbols() []string {
	return []string{"nft_do_chain", "ctnetlink_stat_ct_cpu", "tcp_diag_dump"}
}

// symbols gives the question whether a symbol is in the running kernel, built in
// or loaded. Neither /proc/modules nor /sys/module shows what is built in, so the
// kernel's symbols are read, whose names anybody may read: once, for all who ask.
func symbols() func(symbol string) (bool, error) {
	once := sync.OnceValues(func() (map[string]bool, error) {
		file, err := os.Open("/proc/kallsyms")
		if err != nil {
			return nil, fmt.Errorf("opening: %w", err)
		}
		defer func() { _ = file.Close() }()
		return findSymbols(file, kernelSymbols()...)
	})
	return func(symbol string) (bool, error) {
		found, err := once()
		if err != nil {
			return false, fmt.Errorf("asking whether %s is in the kernel: %w", symbol, err)
		}
		return found[symbol], nil
	}
}

// findSymbols looks for symbols in the format of /proc/kallsyms: address, type,
// name, and the module in brackets where there is one.
func findSymbols(from io.Reader, wanted ...string) (map[string]bool, error) {
	found := map[string]bool{}
	lines := bufio.NewScanner(from)
	for lines.Scan() && len(found) < len(wanted) {
		// Splitting all of a hundred thousand lines would cost more than reading them.
		for _, w := range wanted {
			if !bytes.Contains(lines.Bytes(), []byte(w)) {
				continue
			}
			if fields := bytes.Fields(lines.Bytes()); len(fields) >= 3 && string(fields[2]) == w {
				found[w] = true
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the kernel's symbols: %w", err)
	}
	return found, nil
}
