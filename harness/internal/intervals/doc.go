// Package intervals adds up for how long the SLIs of a record were up or down after the fault, and at the same time as
// others: what a drill tells besides its recovery time, such as the seconds with two masters. Packages that drive one
// product share it, and only they may import it.
//
//	window := intervals.AfterFault(record)
//	sli, known := intervals.Named(record, "odlyd has 10.202.1.254")
//	had := intervals.Total(intervals.Of(sli, true, window))
package intervals
