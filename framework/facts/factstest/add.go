package factstest

import "github.com/plumbline-net/plumbline/framework/facts"

// Add answers further flows as a healthy network would, by key: those for which
// the configuration has to ask, once s.Run.Config does.
func Add(s *facts.Snapshot, keys ...string) {
	for _, key := range keys {
		s.Matrices = append(s.Matrices, healthyMatrix(s, Flow(key)))
	}
}
