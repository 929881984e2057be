package service_test

import (
	"slices"
	"testing"

	"github.com/plumbline-net/plumbline/framework/check"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/facts/factstest"
	"github.com/plumbline-net/plumbline/suites/service"
)

// recording says how the snapshots of a check's recordings are made and trimmed.
type recording struct {
	spoil func(*facts.Snapshot)
	reads []string
	// look leaves of a look at a host what the check reads; nil where it reads none.
	look func(facts.HostLook) facts.HostLook
}

func recordings() map[string]recording {
	return map[string]recording{
		"service/cluster-ip": {reads: []string{"pod>clusterIP/tcp", "pod>clusterIP/udp", "host>clusterIP/tcp", "host>clusterIP/udp"}, spoil: stale},
		"service/api": {reads: []string{"pod>api", "host>api"}, spoil: func(s *facts.Snapshot) {
			factstest.Letters(s, "host>api/tls/ipv4@first", ".", "T", ".")
		}},
		"service/node-port": {
			reads: []string{
				"pod>nodePort/tcp", "pod>nodePort/udp", "host>nodePort/tcp", "host>nodePort/udp", "runner>nodePort/tcp", "runner>nodePort/udp",
			},
			spoil: deadNodePort,
		},
		"service/node-port-local": {reads: []string{"host>nodePortLocal", "runner>nodePortLocal"}, spoil: answersEverywhere},
		"service/convergence": {
			reads: []string{"pod>clusterIP/tcp", "pod>clusterIP/udp", "host>clusterIP/tcp", "host>clusterIP/udp", "pod>pod/tcp", "host>pod/tcp"},
			spoil: stale,
		},
		"service/hairpin":        {reads: []string{"pod>hairpin"}, spoil: hairpinOff, look: ports},
		"service/affinity":       {reads: []string{"pod>affinity"}, spoil: notSticky},
		"service/headless":       {reads: []string{"pod>dnsRecord"}, spoil: oneAddressMissing},
		"service/large-transfer": {reads: []string{"pod>pod/bulk", "host>pod/bulk", "pod>clusterIP/bulk", "host>clusterIP/bulk", "pod>nodePort/bulk", "host>nodePort/bulk", "runner>nodePort/bulk", "pod>pod/pmtu"}, spoil: stuckOutside, look: ports},
		"service/listening":      {spoil: loopbackOnly, look: sockets},
	}
}

func ports(h facts.HostLook) facts.HostLook {
	return facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Interfaces: h.Interfaces, FDB: h.FDB}
}

func sockets(h facts.HostLook) facts.HostLook {
	return facts.HostLook{Node: h.Node, Look: h.Look, NotRun: h.NotRun, Listening: h.Listening}
}

// trim leaves of a snapshot what a check reads.
func trim(s *facts.Snapshot, c check.Check, r recording) *facts.Snapshot {
	hosts := s.Hosts
	factstest.Trim(s, r.reads...)
	s.Cluster.CNIPods, s.Cluster.CNIPodsLast, s.Cluster.CNILogs = nil, nil, nil
	if c.ID != "service/listening" {
		s.Cluster.Services = nil
	}
	s.Further = slices.DeleteFunc(s.Further, func(f facts.Service) bool { return !slices.Contains(c.Services, f.Kind) })
	for _, h := range hosts {
		if r.look != nil && h.Look == facts.Last {
			s.Hosts = append(s.Hosts, r.look(h))
		}
	}
	return s
}

// TestRecordings judges the snapshots from which the recordings are written.
func TestRecordings(t *testing.T) {
	for _, c := range service.All() {
		r, ok := recordings()[c.ID]
		if !ok {
			continue // service/programmed has its recordings beside its own file
		}
		pass, fail, unknown := factstest.Healthy(3), factstest.Healthy(3), factstest.Healthy(3)
		for _, s := range []*facts.Snapshot{pass, fail, unknown} {
			switch c.ID {
			case "service/listening":
				selectDNS(s)
			case "service/convergence":
				s.Service.AgeMillis = 900
			}
		}
		r.spoil(fail)
		factstest.SilenceNode(unknown, "n2", "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s")
		*unknown.Host("n2", facts.Last) = facts.HostLook{Node: "n2", Look: facts.Last, NotRun: "exec: the kubelet at 10.0.0.12:10250 did not answer within 10 s"}
		factstest.Recordings(t, c, *update, trim(pass, c, r), trim(fail, c, r), trim(unknown, c, r))
	}
}

// stale: nothing reaches the Service from n3, though the backends answer directly.
func stale(s *facts.Snapshot) {
	for _, key := range []string{podTCP, podUDP, hostTCP, hostUDP} {
		factstest.Letters(s, key, ".", ".", "T")
		m := s.Matrix(factstest.Flow(key))
		m.Rows[2].Cells[0].Partial = true // as an agent says it: of three backends none was met
	}
}

func deadNodePort(s *facts.Snapshot) {
	for _, via := range []string{"tcp", "udp"} {
		factstest.Letters(s, "pod>nodePort/"+via+"/ipv4@main", ".T.", ".T.", ".T.")
		factstest.Letters(s, "host>nodePort/"+via+"/ipv4@main", ".T.", "...", ".T.")
		factstest.Letters(s, "runner>nodePort/"+via+"/ipv4@main", ".T.")
	}
}
