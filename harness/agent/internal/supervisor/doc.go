//go:build linux

// Package supervisor is the supervisor in a node's system container. It stands for the node's hardware
// and init system: it starts and stops the product's main process, runs commands and keeps files for
// the operator, and survives everything that happens to the product, so that the container never
// ends. Only the program reprise-agent imports it.
//
//	supervisor := supervisor.New(supervisor.Options{Command: argv, Log: log.New(os.Stderr, "", 0)})
//	listener, err := supervisor.Listen(log.Default())
//	if err != nil {
//		return err
//	}
//	err = supervisor.Serve(ctx, listener)
package supervisor
