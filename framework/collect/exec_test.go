package collect

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/plumbline-net/plumbline/framework/cluster"
	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/wire"
)

func TestAnAPIServerThatHangsCostsTheBatchNoMoreThanItsTime(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	client, err := cluster.New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{client: client}
	plan := wire.Plan{From: facts.Vantage{Kind: facts.FromHost, Node: "n1"}}
	plan.DeadlineMillis = 200 - int(execSlack.Milliseconds()) // so that the whole takes 200 ms
	got := c.exec(t.Context(), "agent-1", plan)
	if got.done != nil || !strings.Contains(got.NotRun, "the agent could not be asked: no answer within 200ms") {
		t.Errorf("got %q", got.NotRun)
	}
}
