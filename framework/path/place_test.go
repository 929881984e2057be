package path_test

import (
	"testing"

	"github.com/plumbline-net/plumbline/framework/path"
)

func TestPlacesAreToldInWords(t *testing.T) {
	cases := []struct {
		place      path.Place
		text, part string
		way        path.Direction
	}{
		{path.Place{}, "", "", ""},
		{path.Place{Node: "n3", Stage: path.ReceiverHost}, "receiver-host at n3", "host", path.Request},
		{path.Place{Node: "n1", To: "n3", Stage: path.Wire}, "wire from n1 to n3", "wire", path.Request},
		{path.Place{To: "n3", Stage: path.Wire}, "wire from outside to n3", "wire", path.Request},
		{path.Place{Node: "n1", Stage: "answer-sender-tunnel"}, "answer-sender-tunnel at n1", "tunnel", path.Answer},
		{path.Place{Node: "n2", Stage: path.ServiceTranslation}, "service-translation at n2", "translation", path.Request},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			if c.place.String() != c.text || c.place.Part() != c.part || c.place.Direction() != c.way {
				t.Errorf("got %q, %q, %q", c.place, c.place.Part(), c.place.Direction())
			}
		})
	}
}
