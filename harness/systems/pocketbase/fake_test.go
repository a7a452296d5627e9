package pocketbase

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/reprise-dr/reprise/harness"
)

const address = "10.201.5.100:80"

var (
	blog  = Site{At: netip.MustParseAddrPort(address), Host: "blog.reprise.test"}
	admin = Superuser{Email: "admin@reprise.test", Password: harness.Secret{Value: "secret"}}
)

// token is what the fake gives to the superuser.
const token = "eyJhbGciOiJIUzI1NiJ9"

// A fakeBlog is a PocketBase with one collection, as much of it as the package needs.
type fakeBlog struct {
	mutex sync.Mutex
	made  map[string]any // the collection as it was asked for
	posts []post
	pages []string // queries of lists
}

func (b *fakeBlog) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	path := request.Method + " " + request.URL.Path
	switch {
	case request.Host != blog.Host:
		http.Error(w, "404 page not found", http.StatusNotFound) // as a reverse proxy does
	case path == "POST /api/collections/_superusers/auth-with-password":
		b.logIn(w, request)
	case path == "POST /api/collections":
		b.create(w, request)
	case b.made == nil:
		fail(w, http.StatusNotFound, "Missing collection context.")
	case path == "POST /api/collections/posts/records":
		b.post(w, request)
	case path == "GET /api/collections/posts/records":
		b.list(w, request)
	case path == "GET /api/collections/posts/records/"+landmark.ID:
		b.view(w, landmark.ID)
	default:
		fail(w, http.StatusNotFound, "The requested resource wasn't found.")
	}
}

func (b *fakeBlog) logIn(w http.ResponseWriter, request *http.Request) {
	var login struct{ Identity, Password string }
	known := json.NewDecoder(request.Body).Decode(&login) == nil && login.Identity == admin.Email &&
		login.Password == admin.Password.Value
	if !known {
		fail(w, http.StatusBadRequest, "Failed to authenticate.")
		return
	}
	answer(w, map[string]string{"token": token})
}

func (b *fakeBlog) create(w http.ResponseWriter, request *http.Request) {
	switch {
	case request.Header.Get("Authorization") != token:
		fail(w, http.StatusForbidden, "The authorized record is not allowed to perform this action.")
	case b.made != nil:
		fail(w, http.StatusBadRequest, "Failed to create collection.")
	default:
		if err := json.NewDecoder(request.Body).Decode(&b.made); err != nil {
			fail(w, http.StatusBadRequest, err.Error())
		}
	}
}

func (b *fakeBlog) post(w http.ResponseWriter, request *http.Request) {
	var sent post
	err := json.NewDecoder(request.Body).Decode(&sent)
	if err != nil || slices.ContainsFunc(b.posts, func(p post) bool { return p.Entry == sent.Entry }) {
		fail(w, http.StatusBadRequest, "Failed to create record.")
		return
	}
	b.posts = append(b.posts, sent)
	answer(w, sent)
}

var pageQuery = regexp.MustCompile(`^perPage=(\d+)&skipTotal=1&sort=entry&filter=entry%3E(-?\d+)$`)

func (b *fakeBlog) list(w http.ResponseWriter, request *http.Request) {
	query := pageQuery.FindStringSubmatch(request.URL.RawQuery)
	if query == nil {
		fail(w, http.StatusBadRequest, "Something went wrong while processing your request.")
		return
	}
	b.pages = append(b.pages, query[2])
	size, _ := strconv.Atoi(query[1])
	after, _ := strconv.Atoi(query[2])
	page := []post{}
	slices.SortFunc(b.posts, func(a, b post) int { return a.Entry - b.Entry })
	for _, found := range b.posts {
		if found.Entry > after && len(page) < size {
			page = append(page, found)
		}
	}
	answer(w, map[string]any{"items": page, "page": 1, "perPage": size, "totalItems": -1})
}

func (b *fakeBlog) view(w http.ResponseWriter, id string) {
	for _, found := range b.posts {
		if found.ID == id {
			answer(w, found)
			return
		}
	}
	fail(w, http.StatusNotFound, "The requested resource wasn't found.")
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// fail answers as PocketBase does.
func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"data":{},"message":%q,"status":%d}`, message, status)
}
