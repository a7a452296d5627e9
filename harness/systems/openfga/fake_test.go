package openfga

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"sync"
)

const address = "10.201.5.100:80"

var site = Site{At: netip.MustParseAddrPort(address), Host: "comments.reprise.test"}

// storeID is what the fake calls its store.
const storeID = "01KAKC2S5F0000000000000000"

// A fakeServer is an OpenFGA with one store, as much of it as the package needs.
type fakeServer struct {
	// write answers in the place of the server when it is not nil.
	write http.HandlerFunc

	mutex  sync.Mutex
	made   bool
	model  map[string]any
	tuples []tuple
	writes int
	tokens []string // of the pages that were asked for
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	path := request.Method + " " + request.URL.Path
	switch {
	case request.Host != site.Host:
		http.Error(w, "404 page not found", http.StatusNotFound) // as a reverse proxy does
	case path == "GET /stores":
		s.find(w, request.URL.Query().Get("name"))
	case path == "POST /stores":
		s.create(w, request)
	case !s.made:
		fail(w, http.StatusNotFound, "store_id_not_found", "Store ID not found")
	case path == "POST /stores/"+storeID+"/authorization-models":
		s.describe(w, request)
	case path == "POST /stores/"+storeID+"/write" && s.write != nil:
		s.writes++
		s.write(w, request)
	case path == "POST /stores/"+storeID+"/write":
		s.writes++
		s.add(w, request)
	case path == "POST /stores/"+storeID+"/read":
		s.read(w, request)
	default:
		fail(w, http.StatusNotFound, "undefined_endpoint", "Not Found")
	}
}

func (s *fakeServer) find(w http.ResponseWriter, name string) {
	found := []store{}
	if s.made && name == storeName {
		found = append(found, store{ID: storeID, Name: storeName})
	}
	answer(w, http.StatusOK, map[string]any{"stores": found, "continuation_token": ""})
}

func (s *fakeServer) create(w http.ResponseWriter, request *http.Request) {
	var wanted store
	if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil || wanted.Name != storeName {
		fail(w, http.StatusBadRequest, "validation_error", "invalid CreateStoreRequest.Name")
		return
	}
	s.made = true
	answer(w, http.StatusCreated, store{ID: storeID, Name: storeName})
}

func (s *fakeServer) describe(w http.ResponseWriter, request *http.Request) {
	if err := json.NewDecoder(request.Body).Decode(&s.model); err != nil {
		fail(w, http.StatusBadRequest, "validation_error", err.Error())
		return
	}
	answer(w, http.StatusCreated, map[string]string{"authorization_model_id": "01KAKC2S5F1111111111111111"})
}

func (s *fakeServer) add(w http.ResponseWriter, request *http.Request) {
	var wanted struct {
		Writes struct {
			Tuples []tuple `json:"tuple_keys"`
		}
	}
	err := json.NewDecoder(request.Body).Decode(&wanted)
	if err != nil || len(wanted.Writes.Tuples) != 1 {
		fail(w, http.StatusBadRequest, "validation_error", "one at a time")
		return
	}
	sent := wanted.Writes.Tuples[0]
	if slices.ContainsFunc(s.tuples, func(t tuple) bool { return t.User == sent.User }) {
		fail(w, http.StatusBadRequest, "write_failed_due_to_invalid_input", "cannot write a tuple which already exists")
		return
	}
	s.tuples = append(s.tuples, sent)
	answer(w, http.StatusOK, struct{}{})
}

func (s *fakeServer) read(w http.ResponseWriter, request *http.Request) {
	var wanted struct {
		Key   tuple  `json:"tuple_key"`
		Size  int    `json:"page_size"`
		Token string `json:"continuation_token"`
	}
	if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil || wanted.Size > commentsPage ||
		!reflect.DeepEqual(wanted.Key, tuple{Object: thread, Relation: relation}) {
		fail(w, http.StatusBadRequest, "validation_error", "invalid ReadRequest")
		return
	}
	s.tokens = append(s.tokens, wanted.Token)
	from, _ := strconv.Atoi(wanted.Token)
	until, token := min(from+wanted.Size, len(s.tuples)), ""
	if until < len(s.tuples) {
		token = strconv.Itoa(until)
	}
	rows := []map[string]any{}
	for _, found := range s.tuples[from:until] {
		rows = append(rows, map[string]any{"key": found, "timestamp": "2026-11-21T15:00:00Z"})
	}
	answer(w, http.StatusOK, map[string]any{"tuples": rows, "continuation_token": token})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// fail answers as OpenFGA does.
func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"code":%q,"message":%q}`, code, message)
}
