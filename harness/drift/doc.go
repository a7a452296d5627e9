// Package drift tells how a node differs from what it was, or from another node: [Compare] lists the differences of two
// fingerprints, [Explain] tells those that somebody planned from surprises, [FindMentions] finds the lines of a text that still
// name an address, and an [AddressBook] rewrites them. [NoDrift] makes a probe of it.
package drift
