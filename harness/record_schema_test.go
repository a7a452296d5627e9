package harness

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-dr/reprise/harness/internal/testkit"
)

var update = flag.Bool("update", false, "write record.schema.json anew")

// An object keeps the order of a JSON object, so that the schema reads like the Go types.
type object []member

type member struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	for i, member := range o {
		value, err := json.Marshal(member.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "%c%q:%s", "{,"[min(i, 1)], member.key, value)
	}
	return append(text.Bytes(), '}'), nil
}

// enumerations are the values of the string types of a record.
var enumerations = map[reflect.Type][]string{
	reflect.TypeFor[Verdict]():     {string(Met), string(Missed), string(Inconclusive)},
	reflect.TypeFor[RecoveredBy](): {string(BySelf), string(ByRunbook), string(ByRevert), string(ByNobody)},
}

// A schemaWriter derives the schema from the Go types and their comments.
type schemaWriter struct {
	comments    map[string]string // "Type" or "Type.Field"
	definitions map[string]object
}

// Goal: the schema says of a record what the Go types say, in names, types, required fields and
// comments, so that the two cannot drift apart. Method: derive it from them and compare it with the
// file; -update writes the file.
func TestRecordSchemaMatchesTypes(t *testing.T) {
	writer := schemaWriter{comments: typeComments(t), definitions: map[string]object{}}
	writer.describe(reflect.TypeFor[Record]())
	compact, err := json.Marshal(writer.document())
	testkit.Must(t, err)
	var want bytes.Buffer
	testkit.Must(t, json.Indent(&want, compact, "", "  "))
	want.WriteByte('\n')
	if *update {
		testkit.Must(t, os.WriteFile("record.schema.json", want.Bytes(), 0o644))
		return
	}
	if RecordJSONSchema() != want.String() {
		t.Errorf("record.schema.json is not what the Go types say: run `go test ./harness -run TestRecordSchemaMatchesTypes " +
			"-update` and look at the difference; a field that changed its meaning needs a new schema version")
	}
}

func (w schemaWriter) document() object {
	document := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:reprise:record:v1"},
		{"title", RecordSchema},
		{"$ref", "#/$defs/Record"},
	}
	var names []string
	for name := range w.definitions {
		names = append(names, name)
	}
	slices.Sort(names)
	var definitions object
	for _, name := range names {
		definitions = append(definitions, member{name, w.definitions[name]})
	}
	return append(document, member{"$defs", definitions})
}

// describe returns the schema of a type; that of a struct goes into the definitions.
func (w schemaWriter) describe(typ reflect.Type) object {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}
	case typ.Kind() == reflect.Pointer:
		return w.describe(typ.Elem())
	case typ.PkgPath() == "net/netip":
		return object{{"type", "string"}}
	case enumerations[typ] != nil:
		return object{{"enum", enumerations[typ]}}
	}
	switch typ.Kind() {
	case reflect.String:
		return object{{"type", "string"}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int, reflect.Int64:
		return object{{"type", "integer"}}
	case reflect.Slice:
		return object{{"type", "array"}, {"items", w.describe(typ.Elem())}}
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", w.describe(typ.Elem())}}
	case reflect.Struct:
		w.define(typ)
		return object{{"$ref", "#/$defs/" + published(typ.Name())}}
	}
	panic("a record cannot have the type " + typ.String())
}

// published is a name, or a comment, with the words that the schema was published with where those of Go have changed since.
func published(text string) string {
	older := strings.NewReplacer("An Interval", "A Spell", "an interval", "a spell", "Interval", "Spell", "interval", "spell")
	return older.Replace(text)
}

func (w schemaWriter) define(typ reflect.Type) {
	if w.definitions[published(typ.Name())] != nil {
		return
	}
	w.definitions[published(typ.Name())] = object{} // a type may contain itself
	var properties object
	required := []string{}
	for field := range fieldsOf(typ) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		schema := w.describe(field.Type)
		if name == "schema" {
			schema = object{{"const", RecordSchema}}
		}
		if comment := w.comments[typ.Name()+"."+field.Name]; comment != "" {
			schema = append(schema, member{"description", published(comment)})
		}
		properties = append(properties, member{name, schema})
		if options == "" {
			required = append(required, name)
		}
	}
	w.definitions[published(typ.Name())] = object{
		{"description", published(w.comments[typ.Name()])},
		{"type", "object"},
		{"properties", properties},
		{"required", required},
		{"additionalProperties", false},
	}
}

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for field := range typ.Fields() {
			if !yield(field) {
				return
			}
		}
	}
}

// typeComments reads what the source says of the types and their fields.
func typeComments(t *testing.T) map[string]string {
	t.Helper()
	comments := map[string]string{}
	for _, name := range []string{"record.go", "judgement.go", "ledger.go", "network.go", "capability.go", "action.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		testkit.Must(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			declaration, ok := node.(*ast.GenDecl)
			if !ok || declaration.Tok != token.TYPE {
				return true
			}
			spec := declaration.Specs[0].(*ast.TypeSpec)
			comments[spec.Name.Name] = oneLine(declaration.Doc)
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					comments[spec.Name.Name+"."+name.Name] = strings.TrimSpace(oneLine(field.Doc) + " " + oneLine(field.Comment))
				}
			}
			return true
		})
	}
	return comments
}

func oneLine(comment *ast.CommentGroup) string {
	return strings.Join(strings.Fields(comment.Text()), " ")
}

// Goal: the JSON that a record becomes is what the schema says, and the check of it can fail.
// Method: validate a record with every field set, then spoil one thing at a time.
func TestRecordFollowsSchema(t *testing.T) {
	var schema map[string]any
	testkit.Must(t, json.Unmarshal([]byte(RecordJSONSchema()), &schema))
	var full Record
	fill(reflect.ValueOf(&full).Elem())
	full.Schema = RecordSchema
	if problem := testkit.FollowsSchema(schema, schema, asJSON(t, full), "record"); problem != "" {
		t.Error(problem)
	}
	for name, spoil := range map[string]func(map[string]any){
		"a field that is missing":   func(record map[string]any) { delete(record, "slis") },
		"a field of another type":   func(record map[string]any) { record["seed"] = "1" },
		"a field that is not known": func(record map[string]any) { record["rto"] = 1 },
		"another version":           func(record map[string]any) { record["schema"] = "reprise.record/v2" },
		"an unknown verdict":        func(record map[string]any) { record["claim"].(map[string]any)["verdict"] = "green" },
		"null for a list":           func(record map[string]any) { record["events"] = nil },
	} {
		spoilt := asJSON(t, full).(map[string]any)
		spoil(spoilt)
		if testkit.FollowsSchema(schema, schema, spoilt, "record") == "" {
			t.Errorf("%s is accepted", name)
		}
	}
}

func asJSON(t *testing.T, record Record) any {
	t.Helper()
	text, err := json.Marshal(record)
	testkit.Must(t, err)
	var value any
	testkit.Must(t, json.Unmarshal(text, &value))
	return value
}

// fill sets every field of a value to something that is not zero.
func fill(value reflect.Value) {
	switch {
	case value.Type() == reflect.TypeFor[time.Time]():
		value.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
		return
	case value.Type() == reflect.TypeFor[Addresses]():
		value.Set(reflect.ValueOf(Addresses{IPv6: validNode(1).IPv6, IPv4: validNode(1).IPv4}))
		return
	case enumerations[value.Type()] != nil:
		value.SetString(enumerations[value.Type()][0])
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString("text")
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(7)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0))
	case reflect.Map:
		value.Set(reflect.ValueOf(map[string]string{"nomad": "1.11.3"}))
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem())
	case reflect.Struct:
		for _, field := range value.Fields() {
			fill(field)
		}
	default:
		panic("a record cannot have the type " + value.Type().String())
	}
}
