package inspect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
)

// nfTablesPresent says whether nf_tables is in the running kernel, built in or
// loaded. Neither /proc/modules nor /sys/module shows what is built in, so the
// kernel's symbols are asked, whose names anybody may read.
func nfTablesPresent() (bool, error) {
	file, err := os.Open("/proc/kallsyms")
	if err != nil {
		return false, fmt.Errorf("asking whether nf_tables is in the kernel: %w", err)
	}
	defer func() { _ = file.Close() }()
	present, err := hasSymbol(file, "nft_do_chain")
	if err != nil {
		return false, fmt.Errorf("asking whether nf_tables is in the kernel: %w", err)
	}
	return present, nil
}

// hasSymbol looks for a symbol in the format of /proc/kallsyms: address, type,
// name, and the module in brackets where there is one.
func hasSymbol(from io.Reader, symbol string) (bool, error) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if fields := bytes.Fields(lines.Bytes()); len(fields) >= 3 && string(fields[2]) == symbol {
			return true, nil
		}
	}
	return false, lines.Err()
}
