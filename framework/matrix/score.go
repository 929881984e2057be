package matrix

// lines counts the cells of a row, a column or a node.
type lines struct{ cross, same score }

type score struct{ judged, wrong int }

func (s score) all() bool { return s.wrong == s.judged }

func (l *lines) add(within bool, st Standing) {
	s := &l.cross
	if within {
		s = &l.same
	}
	s.judged++
	if st == Wrong {
		s.wrong++
	}
}

// sum is all cells of the line.
func (l lines) sum() score {
	return score{l.cross.judged + l.same.judged, l.cross.wrong + l.same.wrong}
}

func (s score) plus(st Standing) score {
	s.judged++
	if st == Wrong {
		s.wrong++
	}
	return s
}

// heard is the number of lines with any judged cell.
func heard(of []lines) int {
	n := 0
	for _, l := range of {
		if l.sum().judged > 0 {
			n++
		}
	}
	return n
}
