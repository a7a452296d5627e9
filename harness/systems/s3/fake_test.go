package s3

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 calls an ETag is one
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-dr/reprise/harness"
	"github.com/reprise-dr/reprise/harness/labtest"
)

var bucket = Bucket{Node: "s3-1", Port: 7070, Name: "drill", AccessKey: "reprise", SecretKey: harness.Secret{Value: "secret"}}

// A fakeStore is an S3 server with one bucket, as much of it as the package needs. Lists come in
// pages of two.
type fakeStore struct {
	mutex   sync.Mutex
	made    bool
	objects map[string][]byte
	writes  int
	// write answers in the place of the store when it is not nil.
	write http.HandlerFunc
}

func newStore() *fakeStore { return &fakeStore{objects: map[string][]byte{}} }

const pageSize = 2

func (s *fakeStore) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key, ofBucket := strings.CutPrefix(request.URL.Path, "/"+bucket.Name+"/")
	switch {
	case !ofBucket || !strings.Contains(request.Header.Get("Authorization"), "Credential="+bucket.AccessKey+"/"):
		fail(w, http.StatusForbidden, "AccessDenied")
	case request.Method == http.MethodPut && key == "":
		s.makeBucket(w)
	case request.Method == http.MethodGet && key == "":
		s.list(w, request)
	case request.Method == http.MethodGet:
		s.get(w, key)
	case request.Method == http.MethodPut && s.write != nil && key != landmark:
		s.writes++
		s.write(w, request)
	case request.Method == http.MethodPut:
		s.writes++
		s.put(w, request, key)
	default:
		fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func (s *fakeStore) makeBucket(w http.ResponseWriter) {
	if s.made {
		fail(w, http.StatusConflict, "BucketAlreadyOwnedByYou")
		return
	}
	s.made = true
}

// put takes an object that arrives as its sums say.
func (s *fakeStore) put(w http.ResponseWriter, request *http.Request, key string) {
	content, err := io.ReadAll(request.Body)
	if err != nil {
		return // the client has gone
	}
	sum, tag := sha256.Sum256(content), md5.Sum(content) //nolint:gosec // not for secrecy
	if request.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) ||
		request.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(tag[:]) {
		fail(w, http.StatusBadRequest, "BadDigest")
		return
	}
	s.objects[key] = content
	w.Header().Set("ETag", fmt.Sprintf("%q", hex.EncodeToString(tag[:])))
}

func (s *fakeStore) get(w http.ResponseWriter, key string) {
	content, found := s.objects[key]
	if !found {
		fail(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	w.Header().Set("ETag", `"0"`)
	w.Header().Set("Last-Modified", "Sat, 21 Nov 2026 12:00:00 GMT")
	_, _ = w.Write(content)
}

func (s *fakeStore) list(w http.ResponseWriter, request *http.Request) {
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, request.URL.Query().Get("prefix")) && key > request.URL.Query().Get("continuation-token") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	page := keys[:min(pageSize, len(keys))]
	result := `<ListBucketResult><Name>` + bucket.Name + `</Name>`
	for _, key := range page {
		result += `<Contents><Key>` + key + `</Key><LastModified>2026-11-21T12:00:00.000Z</LastModified><ETag>"0"</ETag><Size>1</Size></Contents>`
	}
	if len(page) < len(keys) {
		result += `<IsTruncated>true</IsTruncated><NextContinuationToken>` + page[len(page)-1] + `</NextContinuationToken>`
	}
	_, _ = io.WriteString(w, result+`</ListBucketResult>`)
}

// fail answers as S3 does.
func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName struct{} `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: "because"})
}

// A machine is the node of the store, which notes who comes from where.
type machine struct {
	*labtest.Lab
	mutex   sync.Mutex
	dialled []string
}

// running puts a store onto its node; nil leaves the node without one.
func running(t *testing.T, store http.Handler) *machine {
	t.Helper()
	node := &machine{Lab: labtest.New(harness.Topology{Nodes: []harness.Node{{
		Name: "s3-1",
		IPv6: netip.MustParseAddr("fd00:d9::12"),
	}}})}
	t.Cleanup(node.Close)
	if store != nil {
		node.Serve("s3-1", "[fd00:d9::12]:7070", store)
	}
	return node
}

func (m *machine) Dial(ctx context.Context, from, network, address string) (net.Conn, error) {
	m.mutex.Lock()
	m.dialled = append(m.dialled, from+" "+address)
	m.mutex.Unlock()
	return m.Lab.Dial(ctx, from, network, address)
}
