// Package lab turns a [harness.Topology] into containers on the machine's engine and takes them
// away again. Only it and the packages below it speak to the engine: lab/engine is the connection, lab/image makes the
// images, and lab/doctor tells what a machine lacks. None of them imports this package.
//
// A node is a pod of two containers: the agent owns the node's network and process namespaces, the system joins both.
// What is done to a node afterwards is a message to its agent, but for a system that is installed anew, which is another
// container. See harness/adr/0003-node-as-a-pod.md.
//
//	cluster, err := lab.Start(ctx, fixtures.NomadConsul(3), lab.Options{Progress: image.Plain(os.Stderr)})
//	if err != nil {
//		return err
//	}
//	defer cluster.Close(context.WithoutCancel(ctx))
//	connection, err := cluster.Dial(ctx, "nomad-1", "tcp", "127.0.0.1:4646")
package lab
