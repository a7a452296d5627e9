// Package calibration measures the error of the measurement: outages of known length are watched by
// the observer exactly as a drill watches, and by what people use today, and the figures are compared
// with the truth. `make calibrate` runs it.
//
//	alone, beside, loaded := campaigns(cluster, 7, 1000)
//	result.Idle, err = alone.run(ctx)
//	wrong := result.wrong() // which of the promised numbers do not hold
package calibration
