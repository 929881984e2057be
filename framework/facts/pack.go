package facts

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/plumbline-net/plumbline/framework/strictjson"
)

const (
	// packFrom is how many entries a list may have before it is packed: a node of a
	// small cluster stays readable, one of a large cluster has thousands.
	packFrom = 128
	// manyLooks is from how many looks on the rules of the firewalls are packed, too:
	// they are the longest part of a look, and the most telling to a reader.
	manyLooks = 40
	// maxUnpacked bounds what one packed part may become, in bytes.
	maxUnpacked = 256 << 20
)

// packable are the parts of a look that grow with the cluster.
func packable() []string { return []string{"routes", "neighbors", "fdb", "lookups", dumps} }

const dumps = "firewall"

// pack replaces long lists of a look, and the firewall's rules where asked, by
// their JSON, compressed.
func pack(h *HostLook, rules bool) error {
	h.Packed = nil
	for _, name := range packable() {
		list := part(h, name)
		if long := list.Len() >= packFrom || name == dumps && list.Len() > 0 && rules; !long {
			continue
		}
		text, err := packed(list.Interface())
		if err != nil {
			return fmt.Errorf("packing %s of %s: %w", name, h.Node, err)
		}
		if h.Packed == nil {
			h.Packed = map[string]string{}
		}
		h.Packed[name] = text
		list.SetZero()
	}
	return nil
}

func packed(list any) (string, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return "", err
	}
	if err := json.NewEncoder(w).Encode(list); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// unpack puts the lists back; what is no list of its kind is an error.
func unpack(h *HostLook) error {
	for name, text := range h.Packed {
		known := false
		for _, p := range packable() {
			known = known || p == name
		}
		if !known {
			return fmt.Errorf("packed: %q is not one of %v", name, packable())
		}
		list := part(h, name)
		if list.Len() > 0 {
			return fmt.Errorf("packed: %q is there, too", name)
		}
		if err := unpacked(text, list); err != nil {
			return fmt.Errorf("packed %s: %w", name, err)
		}
	}
	h.Packed = nil
	return nil
}

func unpacked(text string, into reflect.Value) error {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return err
	}
	if len(plain) > maxUnpacked {
		return fmt.Errorf("it holds more than %d bytes", maxUnpacked)
	}
	return strictjson.Decode(bytes.NewReader(plain), into.Addr().Interface())
}
