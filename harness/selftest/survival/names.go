package survival

// Scenario is the folder of the drill that is broken off, and the scenario of its records.
const Scenario = "survival"

// ContentVariable is what goes into the drill's image: who wants a build to interrupt gives a new value.
const ContentVariable = "REPRISE_SURVIVAL_IMAGE"

// Moments is at how many moments a whole proof breaks runs off.
const Moments = 40

// ImageName is the name of the image that the interrupted drill is built from.
const ImageName = "survival"
