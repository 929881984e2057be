package facts

import (
	"encoding/base64"
	"fmt"
)

// SeriesCell is what a series of attempts towards one target gave, in six bytes:
// counts up to 255, times in microseconds exact to 7 %. The zero value says that
// nothing was sent.
type SeriesCell struct {
	Sent, Lost int
	// Median, P95, Worst and Deviation (standard deviation) are of the answers; 0 where there was none.
	Median, P95, Worst, Deviation int
}

// SeriesCells is a row of them. In JSON it is one base64 string, six bytes a cell.
type SeriesCells []SeriesCell

const seriesBytes = 6

// MarshalText is base64 of six bytes a cell.
func (c SeriesCells) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, seriesBytes*len(c))
	for i, s := range c {
		if s.Sent < 0 || s.Sent > 255 || s.Lost < 0 || s.Lost > s.Sent {
			return nil, fmt.Errorf("encoding series %d: %d of %d lost", i, s.Lost, s.Sent)
		}
		raw = append(raw, byte(s.Sent), byte(s.Lost), quantise(s.Median), quantise(s.P95), quantise(s.Worst), quantise(s.Deviation))
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads what MarshalText wrote.
func (c *SeriesCells) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("decoding a series: %w", err)
	}
	if len(raw)%seriesBytes != 0 {
		return fmt.Errorf("decoding a series: %d bytes, %d a cell expected", len(raw), seriesBytes)
	}
	*c = make(SeriesCells, 0, len(raw)/seriesBytes)
	for i := 0; i < len(raw); i += seriesBytes {
		b := raw[i : i+seriesBytes]
		if b[1] > b[0] {
			return fmt.Errorf("decoding series %d: %d of %d lost", i/seriesBytes, b[1], b[0])
		}
		*c = append(*c, SeriesCell{
			Sent: int(b[0]), Lost: int(b[1]),
			Median: unquantise(b[2]), P95: unquantise(b[3]), Worst: unquantise(b[4]), Deviation: unquantise(b[5]),
		})
	}
	return nil
}
