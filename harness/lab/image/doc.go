// Package image sees to it that the container engine has the images that labs are made from: those that are there, those that
// a registry has, and those that are built here from the recipe of a [harness.Image]. What is compiled and downloaded for a
// build is kept in this user's cache, by a hash of all that goes into it.
package image
