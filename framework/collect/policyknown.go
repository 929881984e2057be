package collect

import "github.com/plumbline-net/plumbline/framework/cni"

// unenforced says what is known not to enforce policies here.
func (c *Collector) unenforced() string { return cni.Unenforced(c.snapshot) }
