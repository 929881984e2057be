// Package probe asks the network: it opens sockets from where it runs, and says
// with the closed words of facts.Outcome how each attempt ended. It knows
// nothing of Kubernetes; what to ask comes as a wire.Plan.
package probe
