package component

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	// klogLine is the head of a line of klog: a letter, month and day, time, process, file and line.
	klogLine = regexp.MustCompile(`^[IWEF](\d{4} \d{2}:\d{2}:\d{2})\.\d+\s+\d+ [^ ]+\] ?`)
	// isoTime is a time with its date, as logrus and slog write it.
	isoTime = regexp.MustCompile(`\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}`)
)

// writtenAt is when a line was written. klog names no year, so it is the one that
// brings the line closest before the run; agents run with the clock of UTC.
func writtenAt(line string, run time.Time) (time.Time, bool) {
	if m := klogLine.FindStringSubmatch(line); m != nil {
		for year := run.Year() + 1; year > run.Year()-3; year-- {
			t, err := time.Parse("2006 0102 15:04:05", fmt.Sprintf("%d %s", year, m[1]))
			if err == nil && t.Before(run.Add(24*time.Hour)) {
				return t, true
			}
		}
		return time.Time{}, false
	}
	if text := isoTime.FindString(line); text != "" {
		t, err := time.Parse("2006-01-02 15:04:05", strings.Replace(text, "T", " ", 1))
		return t, err == nil
	}
	return time.Time{}, false
}

// message is a line without its time and place, at most as long as a sentence can bear.
func message(line string) string {
	const most = 240
	out := strings.TrimSpace(klogLine.ReplaceAllString(line, ""))
	if len(out) > most {
		out = strings.ToValidUTF8(out[:most], "") + "…"
	}
	return out
}
