package main

import (
	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/suites"
)

// allChecks is everything the suite can verify.
func allChecks() []check.Check { return suites.All() }
