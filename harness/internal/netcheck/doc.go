// Package netcheck asks the checks of package harness: HTTP, TCP, DNS and ICMP echo, each over a
// connection of its own, and as cheaply as the kernel allows, because an agent asks hundreds in a
// second next to the cluster it measures. The agent and labtest import it.
//
//	checker, err := netcheck.New(harness.Question{TCP: &harness.TCPCheck{At: at}}, nil)
//	if err != nil {
//		return err
//	}
//	defer checker.Close()
//	err = schedule.Keep(ctx, every, checker.Ask, answered)
package netcheck
