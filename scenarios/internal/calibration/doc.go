// Package calibration measures the error of the measurement: outages of known length are watched by
// the observer exactly as a drill watches, and by what people use today, and the figures are compared
// with the truth. `make calibrate` runs it.
//
//	idle := campaign{cluster: cluster, name: "idle", seed: 7, outages: 100, watchers: watchers}
//	result.Idle, err = idle.run(ctx)
//	wrong := result.wrong() // which of the promised numbers do not hold
package calibration
