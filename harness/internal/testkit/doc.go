// Package testkit has what tests of several packages say alike. It knows none of them.
package testkit
