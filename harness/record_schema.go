package harness

import _ "embed"

//go:embed record.schema.json
var recordSchema string

// RecordJSONSchema is the JSON Schema (draft 2020-12) of a [Record], for readers in other languages.
func RecordJSONSchema() string { return recordSchema }
