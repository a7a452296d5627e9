package survival

// ContentVariable makes another image of the drill's: see that suite.
const ContentVariable = "REPRISE_SURVIVAL_IMAGE"

// Moments is at how many moments a whole proof breaks runs off.
const Moments = 40

// ImageName is the name of the image that the interrupted drill is built from.
const ImageName = "survival"
