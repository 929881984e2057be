package facts_test

import (
	"flag"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-net/plumbline/framework/facts"
	"github.com/plumbline-net/plumbline/framework/strictjson/schemagen"
	"github.com/plumbline-net/plumbline/framework/strictjson/schematest"
)

var updateFlag = flag.Bool("update", false, "write the golden files anew")

func TestSchemaIsThatOfTheTypes(t *testing.T) {
	schematest.IsThatOf(t, schemagen.Source{
		ID: "https://plumbline.dev/schema/facts-v1.json", Title: "facts.json of Plumbline", Type: reflect.TypeFor[facts.Snapshot](),
		Consts: map[string]string{"Snapshot.apiVersion": facts.APIVersion, "Snapshot.kind": facts.Kind},
		Words: map[reflect.Type][]string{
			reflect.TypeFor[facts.Family]():      {"ipv4", "ipv6"},
			reflect.TypeFor[facts.Look]():        {"first", "main", "last"},
			reflect.TypeFor[facts.VantageKind](): {"pod", "host", "runner", "runtime"},
			reflect.TypeFor[facts.TargetKind](): {
				"pod", "host", "clusterIP", "nodePort", "api", "dnsReplica", "dnsService",
				"gateway", "runtime", "nodePortLocal", "hairpin", "affinity", "tunnel", "dnsMetrics", "dnsRecord", "dnsExternal", "dnsUpstream", "nodeDNS", "egress",
			},
			reflect.TypeFor[facts.Via](): {
				"tcp", "udp", "icmp", "tls", "dns-udp", "dns-tcp", "closed", "pmtu", "over",
				"series", "http", "bulk", "sticky", "record", "race", "big", "connect", "tunnel", "arp",
			},
			reflect.TypeFor[facts.Outcome](): {"notRun", "ok", "refused", "timeout", "unreachable", "reset", "tooBig", "garbled"},
		},
	}, *updateFlag, ".")
}

// full has a value in every field, so that the schema is met in every field.
func full(t *testing.T) *facts.Snapshot {
	t.Helper()
	s := schematest.Fill[facts.Snapshot](time.Date(2026, 3, 14, 3, 2, 11, 0, time.UTC), netip.MustParseAddr("10.0.0.1"))
	s.APIVersion, s.Kind = facts.APIVersion, facts.Kind
	s.Hosts[0].Node, s.Hosts[0].AsFirst, s.Hosts[0].Packed = s.Nodes[0].Name, nil, nil
	return s
}

func TestEncodedFactsObeyTheSchemaAndNothingElseDoes(t *testing.T) {
	data, err := facts.Encode(full(t))
	if err != nil {
		t.Fatal(err)
	}
	schematest.Obeys(t, facts.Schema, data)
	schematest.RefusesUnknownFields(t, facts.Schema, data, func(changed string) error {
		_, err := facts.Decode(strings.NewReader(changed))
		return err
	})
}
