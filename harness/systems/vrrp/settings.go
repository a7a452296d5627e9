package vrrp

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-dr/reprise/harness"
)

// Where a router has its configuration.
const (
	keepalivedFile = "/etc/keepalived/keepalived.conf"
	ospfdFile      = "/etc/frr/ospfd.conf"
)

// Settings are the times by which a pair notices and takes over, as its routers are configured.
type Settings struct {
	Advertisement time.Duration
	First, Second int // the routers' VRRP priorities
	Check         time.Duration
	Fall, Rise    int
	Hello, Dead   time.Duration // of OSPF
	Elects        bool          // OSPF elects a designated router on the outer network
	Retransmit    time.Duration // of OSPF
	Batch         time.Duration // how long OSPF keeps a link state back at most before it tells it again
	BFD           time.Duration // after which a silent neighbour counts as lost by BFD; 0: BFD is not used
}

// What the programs take where their configuration says nothing.
func defaultSettings() Settings {
	return Settings{
		Advertisement: time.Second, Check: time.Second, Fall: 1, Rise: 1,
		Hello: 10 * time.Second, Dead: 40 * time.Second, Elects: true, Retransmit: 5 * time.Second, Batch: 5 * time.Second,
	}
}

// ReadSettings reads the configuration of both routers. What it does not know in a file it passes over.
func (p Pair) ReadSettings(ctx context.Context, observer harness.Observer) (Settings, error) {
	settings := defaultSettings()
	for _, router := range []struct {
		name     string
		priority *int
	}{{p.Second, &settings.Second}, {p.First, &settings.First}} {
		for file, read := range map[string]func(*Settings, string, *int) error{keepalivedFile: readKeepalived, ospfdFile: readOSPF} {
			text, err := observer.ReadFile(ctx, router.name, file)
			if err == nil {
				err = read(&settings, string(text), router.priority)
			}
			if err != nil {
				return Settings{}, fmt.Errorf("read %s of %s: %w", file, router.name, err)
			}
		}
	}
	return settings, nil
}

// readKeepalived reads what is said once in the file: it has one script and one instance.
func readKeepalived(s *Settings, text string, priority *int) error {
	return eachLine(text, func(words []string) error {
		if len(words) != 2 {
			return nil
		}
		switch words[0] {
		case "advert_int":
			return seconds(words[1], &s.Advertisement)
		case "interval":
			return seconds(words[1], &s.Check)
		case "fall":
			return number(words[1], &s.Fall)
		case "rise":
			return number(words[1], &s.Rise)
		case "priority":
			return number(words[1], priority)
		}
		return nil
	})
}

// readOSPF reads the times of the only interface that is not passive.
func readOSPF(s *Settings, text string, _ *int) error {
	return eachLine(text, func(words []string) error {
		line := strings.Join(words, " ")
		last := words[len(words)-1]
		switch {
		case strings.HasPrefix(line, "ip ospf dead-interval minimal hello-multiplier "):
			var multiplier int
			if err := number(last, &multiplier); err != nil {
				return err
			}
			s.Dead, s.Hello = time.Second, time.Second/time.Duration(max(1, multiplier))
		case strings.HasPrefix(line, "ip ospf hello-interval "):
			return seconds(last, &s.Hello)
		case strings.HasPrefix(line, "ip ospf dead-interval "):
			return seconds(last, &s.Dead)
		case strings.HasPrefix(line, "ip ospf retransmit-interval "):
			return seconds(last, &s.Retransmit)
		case strings.HasPrefix(line, "ip ospf network point-to-"):
			s.Elects = false
		case strings.HasPrefix(line, "timers throttle lsa all "):
			return milliseconds(last, &s.Batch)
		case strings.HasPrefix(line, "ip ospf bfd ") && len(words) == 6:
			return readBFD(s, words[3], words[4])
		}
		return nil
	})
}

// readBFD multiplies the interval at which a neighbour is to be heard by how many may be missed.
func readBFD(s *Settings, missed, every string) error {
	var count int
	if err := number(missed, &count); err != nil {
		return err
	}
	if err := milliseconds(every, &s.BFD); err != nil {
		return err
	}
	s.BFD *= time.Duration(count)
	return nil
}

// eachLine gives the words of every line that has some.
func eachLine(text string, take func(words []string) error) error {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			if err := take(words); err != nil {
				return fmt.Errorf("line %q: %w", strings.TrimSpace(line), err)
			}
		}
	}
	return nil
}

func number(text string, into *int) (err error) {
	*into, err = strconv.Atoi(text)
	return err
}

func seconds(text string, into *time.Duration) error {
	value, err := strconv.ParseFloat(text, 64)
	*into = time.Duration(value * float64(time.Second))
	return err
}

func milliseconds(text string, into *time.Duration) error {
	value, err := strconv.Atoi(text)
	*into = time.Duration(value) * time.Millisecond
	return err
}
