//go:build linux

package agent_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/agent/internal/protocol"
)

// askSupervisor asks the supervisor for a command as the agent would, and prints what became of it.
func askSupervisor(ctx context.Context, user int) error {
	if err := syscall.Setuid(user); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", protocol.SystemSocket)
	}}}
	var status protocol.Status
	err := protocol.Call(ctx, client, protocol.PathStatus, protocol.Nothing{}, &status)
	_, printErr := fmt.Printf("answered: %t\n", err == nil)
	return printErr
}

// Goal: nobody on a node but its agent can have its supervisor do anything. Method: a process of the node that asks as the agent
// does, as root and as nobody; then the agent itself.
func TestSupervisorObeysTheAgentAlone(t *testing.T) {
	p := startPod(t, time.Minute)
	for _, role := range []string{"intruder", "intruder without rights"} {
		if answer := p.play(t, role); answer != "answered: false\n" {
			t.Errorf("%s: %s", role, answer)
		}
	}
	if answer := strings.TrimSpace(p.run(t, "id", "-u")); answer != "0" {
		t.Errorf("the agent's command prints %q", answer)
	}
}
