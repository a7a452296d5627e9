package harness

// A Symptom is what became of one SLI or ledger after the fault.
type Symptom struct {
	Subject string      `json:"subject"` // the SLI, or the ledger
	Kind    SymptomKind `json:"kind"`
	Says    string      `json:"says,omitempty"` // what was seen first when it went wrong
}

// SymptomKind tells what an alarm could have seen.
type SymptomKind string

// The kinds of symptoms. The silent ones are the dangerous ones: something is wrong, and every client goes
// on getting the answers that it wants.
const (
	StaysGreen  SymptomKind = "green"
	GoesRed     SymptomKind = "red"
	WrongSilent SymptomKind = "wrong without going red"
)
