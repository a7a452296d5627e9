package consul

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/reprise-dr/reprise/harness/labtest"
)

// Goal: every key's value is there to be searched, from a server that answers. Method: two keys, the first server down.
func TestKVTexts(t *testing.T) {
	kept := &store{keys: map[string]string{"app/address": "fd00:d1::31", "app/level": "info"}}
	server := &fakeAPI{store: kept}
	found, err := KVTexts().Texts(t.Context(), cluster(t, nil, server, nil))
	labtest.Expect(t, err, "")
	if !maps.Equal(found, kept.keys) || !server.consistent {
		t.Errorf("found %q, confirmed by the leader: %v", found, server.consistent)
	}
	_, err = KVTexts().Texts(t.Context(), cluster(t))
	labtest.Expect(t, err, "consul-1")
}

// Goal: the catalog's addresses are there to be searched, each once. Method: a node with a second address, and a service.
func TestCatalogTexts(t *testing.T) {
	answers := map[string]any{
		"/v1/catalog/nodes": []map[string]any{{
			"Node": "consul-1", "Address": "fd00:d1::11", "TaggedAddresses": map[string]string{"lan": "fd00:d1::11", "wan": "10.0.0.11"},
		}},
		"/v1/catalog/services":       map[string][]string{"canary": {}},
		"/v1/catalog/service/canary": []map[string]any{{"Node": "client-1", "ServiceName": "canary", "ServiceAddress": "fd00:d1::31"}},
	}
	server := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_ = json.NewEncoder(w).Encode(answers[request.URL.Path])
	})
	found, err := CatalogTexts().Texts(t.Context(), cluster(t, server))
	labtest.Expect(t, err, "")
	want := map[string]string{
		"node consul-1":              "address fd00:d1::11\nwan 10.0.0.11\n",
		"service canary on client-1": "address fd00:d1::31\n",
	}
	if !maps.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}
