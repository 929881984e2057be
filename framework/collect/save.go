package collect

import (
	"fmt"
	"io"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/output"
)

// save writes facts.json whole or not at all.
func (c *Collector) save() error {
	if c.options.FactsPath == "" {
		return nil
	}
	write := func(w io.Writer) error { return facts.Write(w, c.snapshot) }
	if err := output.WriteFile(c.options.FactsPath, write); err != nil {
		return fmt.Errorf("saving the facts: %w", err)
	}
	return nil
}
