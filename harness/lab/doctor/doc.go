// Package doctor tells what a machine and its container engine lack for drills: in words, with advice, by [Examine], or by
// [ExamineMachine] and [ExamineImages] apart; and for one topology, before its lab is made, by [Try] and [TryBridges].
package doctor
