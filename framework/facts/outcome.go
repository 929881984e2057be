package facts

import "fmt"

// Outcome is the closed word for how one attempt ended. The zero value says
// that nothing was observed, so a forgotten answer can never read as a pass.
type Outcome uint8

// The outcomes of the catalogue.
const (
	NotRun      Outcome = iota // nothing was observed, and a reason says why
	OK                         // the far end answered, with the right nonce
	Refused                    // RST or ICMP port unreachable: nothing listens
	Timeout                    // silence: dropped on the way or at the far end
	Unreachable                // ICMP or a local route error: EHOSTUNREACH, ENETUNREACH, EACCES
	Reset                      // an open connection was cut
	TooBig                     // EMSGSIZE here, or an ICMP fragmentation-needed
	Garbled                    // an answer, but a wrong nonce or from the wrong far end
)

var outcomeWords = [...]string{"notRun", "ok", "refused", "timeout", "unreachable", "reset", "tooBig", "garbled"}

// String is the word used in every format.
func (o Outcome) String() string {
	if int(o) < len(outcomeWords) {
		return outcomeWords[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Valid says whether o is one of the closed words.
func (o Outcome) Valid() bool { return int(o) < len(outcomeWords) }

// MarshalText writes the word.
func (o Outcome) MarshalText() ([]byte, error) {
	if !o.Valid() {
		return nil, fmt.Errorf("outcome %d is not one of %v", uint8(o), outcomeWords)
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads the word.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, w := range outcomeWords {
		if w == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not an outcome (one of %v)", text, outcomeWords)
}
