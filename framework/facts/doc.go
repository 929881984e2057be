// Package facts holds what was observed of a cluster, and nothing that was
// concluded from it: the API server's objects, both looks at every host, and
// the answer to every probe. It is pure data: no network, no Kubernetes client,
// no clock, so that a recording can be judged years later.
//
// The zero value of everything here means "not observed". A missing answer
// always carries the reason in a field named NotRun.
package facts
