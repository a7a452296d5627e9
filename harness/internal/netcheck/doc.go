// Package netcheck asks the questions of package harness: HTTP, TCP, DNS and ICMP echo, each over a
// connection of its own, and as cheaply as the kernel allows, because an agent asks hundreds in a
// second next to the cluster it measures. The agent and labtest import it.
//
//	asker, err := netcheck.New(harness.Question{TCP: &harness.TCPQuestion{At: at}}, nil)
//	if err != nil {
//		return err
//	}
//	defer asker.Close()
//	err = schedule.Keep(ctx, every, asker.Ask, answered)
package netcheck
