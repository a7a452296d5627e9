package virtualisation

// postmortem labels the specs that `make repro` replays.
const postmortem = "undated-virtualisation"
