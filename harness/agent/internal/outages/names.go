//go:build linux

package outages

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/dns/dnsmessage"
)

// What every name stands for: addresses that are for documentation only.
var (
	answerA    = netip.MustParseAddr("192.0.2.1")
	answerAAAA = netip.MustParseAddr("2001:db8::1")
)

// answerTTL is 0: nobody may keep the answer.
const answerTTL = 0

// largestQuestion is more than a question of one name takes.
const largestQuestion = 512

// A nameServer says the same address for every name.
type nameServer struct {
	way     way
	socket  *net.UDPConn
	away    atomic.Bool
	running sync.WaitGroup
}

func startDNS(ctx context.Context, address string, way way) (*nameServer, error) {
	socket, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	udp, ok := socket.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("listen: %T is no UDP socket", socket), socket.Close())
	}
	server := &nameServer{way: way, socket: udp}
	server.running.Go(server.serve)
	return server, nil
}

func (s *nameServer) serve() {
	question := make([]byte, largestQuestion)
	for {
		n, from, err := s.socket.ReadFromUDPAddrPort(question)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier answer did not arrive
		}
		if answer, err := reply(question[:n], s.away.Load()); err == nil {
			_, _ = s.socket.WriteToUDPAddrPort(answer, from) // a client who has gone asks no more
		}
	}
}

// reply answers a question, or says that the server has failed.
func reply(question []byte, failed bool) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(question); err != nil {
		return nil, err
	}
	if len(message.Questions) != 1 {
		return nil, fmt.Errorf("there are %d questions", len(message.Questions))
	}
	message.Response, message.Authoritative, message.Additionals = true, true, nil
	asked := message.Questions[0]
	header := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class, TTL: answerTTL}
	switch {
	case failed:
		message.RCode = dnsmessage.RCodeServerFailure
	case asked.Type == dnsmessage.TypeA:
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: answerA.As4()}}}
	case asked.Type == dnsmessage.TypeAAAA:
		message.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: answerAAAA.As16()}}}
	}
	return message.Pack()
}

func (s *nameServer) cut(notYet) error { return s.change(true) }

func (s *nameServer) restore(notYet) error { return s.change(false) }

func (s *nameServer) change(away bool) error {
	if s.way == bySilence {
		return silence(s.socket, away)
	}
	s.away.Store(away)
	return nil
}

func (s *nameServer) close() error {
	err := s.socket.Close()
	s.running.Wait()
	return err
}
