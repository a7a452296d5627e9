// Package schedule asks a question on time, whatever became of the one before: see [Keep].
package schedule
