package check

import "regexp"

// Risk is what a step can cost.
type Risk string

// The risks.
const (
	Read    Risk = "read"    // it changes nothing
	Change  Risk = "change"  // it changes a setting or restarts a component that serves the network
	Disrupt Risk = "disrupt" // it takes away pods, nodes, processes or protection that somebody may need
)

// disrupts are commands that drain, reboot, delete objects, end processes, or open a
// firewall. Deleting a pod of a DaemonSet or Deployment restarts it, and deleting the
// one rule that was seen to drop packets repairs just that.
var disrupts = regexp.MustCompile(`(^|[ ;|&({'"])(` +
	`kubectl ([^|;&]* )?(drain|delete (node|namespace|deployment|daemonset|service|configmap)s?)\b` +
	`|reboot\b|shutdown\b|poweroff\b` +
	`|(kill|pkill|killall) ([^C-]|-[^C]|-C[^O])` +
	`|(xtables-|nft-)?ip6?tables(-nft|-legacy)? ([^|;&]* )?(-F\b|--flush\b|-P [A-Z]+ ACCEPT\b)` +
	`|nft (flush|delete table)\b|nft chain [^;]*policy accept` +
	`|rm -|rm /` +
	`|systemctl (disable|stop|mask)\b` +
	`|(systemctl (try-)?restart|for unit in) ([^|;&]* )?` + wholeNode + `\b` +
	`)`)

// wholeNode are the units of distributions that run the API server, the kubelet and
// more in one service: to restart it is more than a repair of one part (docs.k3s.io,
// docs.rke2.io, docs.k0sproject.io, microk8s.io/docs).
const wholeNode = `(k3s|rke2-|k0s|snap\.microk8s)[a-z0-9.-]*`

// opens lets packets in; narrow names whose they are.
var (
	opens  = regexp.MustCompile(`ip6?tables\S* [^|;&]*-[IA] [^|;&]*-j ACCEPT\b`)
	narrow = regexp.MustCompile(`-[IA] [^|;&]*-[sd] [^|;&]*-j ACCEPT\b`)
)

// Risk says what a step can cost. A step without a command is words: whoever reads it
// decides.
func (r Remedy) Risk() Risk {
	switch {
	case r.Command == "" || r.Purpose == Find || r.Purpose == Verify:
		return Read
	case disrupts.MatchString(r.Command), opens.MatchString(r.Command) && !narrow.MatchString(r.Command):
		return Disrupt
	}
	return Change
}
