package facts

// refusedLocally reads what older agents wrote of a packet that their own host
// dropped while sending (ENOBUFS: a full queue, or a program of eBPF at the device).
// They called it not run, but it is an answer: the host refuses the packet each time.
func refusedLocally(s *Snapshot) {
	for i := range s.Matrices {
		for j := range s.Matrices[i].Rows {
			row := &s.Matrices[i].Rows[j]
			for k := range row.Details {
				d := &row.Details[k]
				if d.refusedLocally() && d.Target >= 0 && d.Target < len(row.Cells) && row.Cells[d.Target].Outcome == NotRun {
					row.Cells[d.Target].Outcome = Unreachable
				}
			}
		}
	}
}

// refusedLocally corrects the attempts, and says whether the last one was refused so.
func (d *Detail) refusedLocally() bool {
	last := false
	for i := range d.Attempts {
		a := &d.Attempts[i]
		if last = a.Outcome == NotRun && a.Errno == "ENOBUFS"; last {
			a.Outcome, a.Note = Unreachable, ""
		}
	}
	return last
}
