// Package words writes figures and counts the same way in every sentence.
package words
