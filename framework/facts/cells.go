package facts

import (
	"encoding/base64"
	"fmt"
	"math"
)

// Cell is one answer in two bytes: an outcome with flags, and a quantised round
// trip. A million pairs so stay in a few megabytes.
type Cell struct {
	Outcome Outcome
	// Retried: the last attempt gave the outcome, but not every attempt did.
	Retried bool
	// Rewritten: the far end saw another source address than the socket had (NAT).
	Rewritten bool
	// Partial: not every peer of the target was met, or fewer bytes than asked passed.
	Partial bool
	// RTT is the round trip of the last attempt in microseconds, exact to 7 %; 0 is not measured.
	RTT int
}

// Cells is a row of answers. In JSON it is one base64 string, two bytes a cell.
type Cells []Cell

const (
	outcomeMask   = 0x0f
	flagRetried   = 0x10
	flagRewritten = 0x20
	flagPartial   = 0x40
	// stepsPerOctave quantises round trips: 2^(1/10) is 7 %, and 255 steps reach 47 s.
	stepsPerOctave = 10
)

func (c Cell) bytes() [2]byte {
	b := byte(c.Outcome) & outcomeMask
	if c.Retried {
		b |= flagRetried
	}
	if c.Rewritten {
		b |= flagRewritten
	}
	if c.Partial {
		b |= flagPartial
	}
	return [2]byte{b, quantise(c.RTT)}
}

func cellOf(status, rtt byte) (Cell, error) {
	c := Cell{
		Outcome: Outcome(status & outcomeMask),
		Retried: status&flagRetried != 0, Rewritten: status&flagRewritten != 0, Partial: status&flagPartial != 0,
		RTT: unquantise(rtt),
	}
	if !c.Outcome.Valid() || status&0x80 != 0 {
		return Cell{}, fmt.Errorf("status byte 0x%02x is not an answer", status)
	}
	return c, nil
}

func quantise(micros int) byte {
	if micros <= 0 {
		return 0
	}
	q := math.Round(math.Log2(float64(micros))*stepsPerOctave) + 1
	return byte(min(q, 255))
}

func unquantise(q byte) int {
	if q == 0 {
		return 0
	}
	return int(math.Round(math.Exp2(float64(q-1) / stepsPerOctave)))
}

// MarshalText is base64 of two bytes a cell.
func (c Cells) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 2*len(c))
	for _, cell := range c {
		b := cell.bytes()
		raw = append(raw, b[0], b[1])
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (c *Cells) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("decoding cells: %w", err)
	}
	if len(raw)%2 != 0 {
		return fmt.Errorf("decoding cells: %d bytes, two a cell expected", len(raw))
	}
	*c = make(Cells, 0, len(raw)/2)
	for i := 0; i < len(raw); i += 2 {
		cell, err := cellOf(raw[i], raw[i+1])
		if err != nil {
			return fmt.Errorf("decoding cell %d: %w", i/2, err)
		}
		*c = append(*c, cell)
	}
	return nil
}
