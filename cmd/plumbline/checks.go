package main

import "github.com/plumbline-net/plumbline/framework/check"

// allChecks is everything the suite can verify.
func allChecks() []check.Check { return nil }
