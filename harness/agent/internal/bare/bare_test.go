//go:build linux

package bare

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

// Goal: questions of every kind are asked and their answers noticed, at a cost that is counted. Method: a server of each kind on
// this machine, and one that nobody is at.
func TestAsk(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up")) }))
	defer site.Close()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	testkit.Must(t, err)
	names := &dns.Server{PacketConn: socket, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetReply(asked))
	})}
	go func() { _ = names.ActivateAndServe() }()
	defer func() { _ = names.Shutdown() }()
	at := strings.TrimPrefix(site.URL, "http://")
	questions := []string{"http@" + at, "tcp@" + at, "dns@" + socket.LocalAddr().String()}

	cost, err := Ask(questions, 5*time.Millisecond, 100*time.Millisecond)
	if err != nil || cost.Failed > 0 || cost.Asked < len(questions) || cost.Processor <= 0 || cost.Processor > cost.Elapsed {
		t.Errorf("the cost is %+v, %v", cost, err)
	}
	site.Close()
	if cost, err := Ask(questions[:2], 5*time.Millisecond, 20*time.Millisecond); err != nil || cost.Failed != cost.Asked {
		t.Errorf("where nobody is the cost is %+v, %v", cost, err)
	}
}

// Goal: what is no question is said so. Method: a few of them.
func TestAskRefuses(t *testing.T) {
	for _, text := range []string{"", "http", "http@somewhere", "tcp@127.0.0.1", "echo@127.0.0.1:80", "smtp@127.0.0.1:25"} {
		if _, err := Ask([]string{text}, time.Millisecond, time.Millisecond); err == nil ||
			!strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
