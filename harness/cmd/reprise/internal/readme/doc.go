// Package readme writes the track record: each of its tables from what the newest run, calibration, proof or bench has left.
package readme
