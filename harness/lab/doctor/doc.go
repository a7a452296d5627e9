// Package doctor tells what a machine and its container engine lack for drills: in words, with advice, by [Examine]; and for
// one topology, before its lab is made, by [Try] and [TryBridges].
package doctor
