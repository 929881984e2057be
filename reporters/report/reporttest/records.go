package reporttest

import (
	"fmt"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/reporters/report"
)

// records gives every cell of a row that is not plainly right what was tried, as
// long as the report has room.
func (b *builder) records(row *report.Row) {
	for k := range row.Words {
		attempts := attempts(row.Words[k], k)
		if attempts == nil {
			continue
		}
		if b.recorded == report.MaxDetails {
			b.r.DetailsLeft++
			continue
		}
		b.recorded++
		row.Details = append(row.Details, report.Detail{Target: k, Attempts: attempts})
	}
}

// attempts are those behind a letter, towards a column.
func attempts(letter byte, column int) []report.Attempt {
	const timeout = 2500976 // microseconds
	local := fmt.Sprintf("10.244.1.4:%d", 40000+column)
	lost := report.Attempt{Outcome: facts.Timeout, Micros: timeout, Local: local}
	answered := report.Attempt{Outcome: facts.OK, Micros: 412, Local: local, Seen: local, Peer: "pod/demo-worker2"}
	switch letter {
	case 'T':
		return []report.Attempt{lost, lost, lost}
	case 'U':
		refused := report.Attempt{
			Outcome: facts.Unreachable, Micros: 79, Errno: "EHOSTUNREACH", Local: local,
			ICMP: "ICMP host prohibited (3/10) from 10.89.0.13",
		}
		return []report.Attempt{refused, lost, refused}
	case 'R':
		return []report.Attempt{{Outcome: facts.Refused, Micros: 212, Errno: "ECONNREFUSED", Local: local}}
	case 'G':
		return []report.Attempt{{Outcome: facts.Garbled, Micros: 388, Local: local, Seen: "10.88.0.3:61002", Note: "the answer has another nonce"}}
	case '~':
		return []report.Attempt{lost, answered}
	default:
		return nil
	}
}
