package inspect

import (
	"os"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"

	"github.com/plumbline-net/plumbline/framework/distribution"
	"github.com/plumbline-net/plumbline/framework/facts"
)

// readDistribution notes which of the paths by which distributions are recognised
// the host has. Only their existence is looked at.
func readDistribution(root string) (func(*facts.HostLook), error) {
	var found []string
	for _, name := range distribution.AllFiles() {
		path, err := securejoin.SecureJoin(root, name)
		if err != nil {
			continue // it cannot be resolved, so it recognises nothing
		}
		if _, err := os.Stat(path); err == nil {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return func(h *facts.HostLook) { h.Found = found }, nil
}
