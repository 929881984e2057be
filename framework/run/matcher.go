package run

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	gomegatypes "github.com/onsi/gomega/types"

	"github.com/plumbline-net/plumbline/framework/check"
)

// Hold succeeds on the result of a promise that holds, with or without
// warnings, and otherwise prints the findings.
func Hold(c check.Check) gomegatypes.GomegaMatcher { return holds{c} }

type holds struct{ check check.Check }

func (h holds) Match(actual any) (bool, error) {
	result, ok := actual.(check.Result)
	if !ok {
		return false, fmt.Errorf("Hold wants a check.Result, not\n%s", format.Object(actual, 1))
	}
	return result.Verdict == check.Pass || result.Verdict == check.Warn, nil
}

func (h holds) FailureMessage(actual any) string {
	result, _ := actual.(check.Result)
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not hold: %s\n%s", h.check.ID, h.check.Promise, result.Why)
	for _, f := range result.Findings {
		fmt.Fprintf(&b, "\n%s %s: %s", strings.ToUpper(f.Verdict.String()), f.Subject, f.Says)
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "\n    %s %s: %s", e.Node, e.Source, e.Text)
		}
		for _, r := range f.Remedy {
			fmt.Fprintf(&b, "\n    fix %s: %s %s", r.Node, r.Text, r.Command)
		}
	}
	return b.String()
}

func (h holds) NegatedFailureMessage(any) string {
	return h.check.ID + " holds, and was expected not to: " + h.check.Promise
}
