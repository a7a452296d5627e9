// Package priority has the kernel run this program soon after it wakes, also on a machine whose processors are
// busy: what is late to ask, or to stamp, measures itself. The agent and the program that calibrates the observer
// import it.
//
//	priority.Soon()
package priority
