package main

// contentVariable makes another image of the drill's: see that suite.
const contentVariable = "REPRISE_SURVIVAL_IMAGE"

// survivalMoments is at how many moments a whole proof breaks runs off.
const survivalMoments = 40

// survivalImage is the name of the image that the interrupted drill is built from.
const survivalImage = "survival"
