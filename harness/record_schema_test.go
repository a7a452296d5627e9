package harness

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
	must(t, err)
	var want bytes.Buffer
	must(t, json.Indent(&want, compact, "", "  "))
	want.WriteByte('\n')
	if *update {
		must(t, os.WriteFile("record.schema.json", want.Bytes(), 0o644))
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
		return object{{"$ref", "#/$defs/" + typ.Name()}}
	}
	panic("a record cannot have the type " + typ.String())
}

func (w schemaWriter) define(typ reflect.Type) {
	if w.definitions[typ.Name()] != nil {
		return
	}
	w.definitions[typ.Name()] = object{} // a type may contain itself
	var properties object
	required := []string{}
	for field := range fieldsOf(typ) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		schema := w.describe(field.Type)
		if name == "schema" {
			schema = object{{"const", RecordSchema}}
		}
		if comment := w.comments[typ.Name()+"."+field.Name]; comment != "" {
			schema = append(schema, member{"description", comment})
		}
		properties = append(properties, member{name, schema})
		if options == "" {
			required = append(required, name)
		}
	}
	w.definitions[typ.Name()] = object{
		{"description", w.comments[typ.Name()]},
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
	for _, name := range []string{"record.go", "record_drift.go", "capability.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		must(t, err)
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

// Goal: the JSON that a real record becomes is what the schema says, and the check of it can fail.
// Method: validate the record of a drill and a record with every field set, then spoil one thing at a time.
func TestRecordFollowsSchema(t *testing.T) {
	var schema map[string]any
	must(t, json.Unmarshal([]byte(RecordJSONSchema()), &schema))
	var met Record
	synctest.Test(t, func(t *testing.T) {
		drill := newFakeDrill(t)
		drill.toDetection(t)
		must(t, drill.finishBy(t, time.Second), drill.Close(t.Context()))
		met = drill.Record()
	})
	var full Record
	fill(reflect.ValueOf(&full).Elem())
	full.Schema = RecordSchema
	for _, record := range []Record{met, full} {
		if problem := follows(schema, schema, asJSON(t, record), "record"); problem != "" {
			t.Error(problem)
		}
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
		if follows(schema, schema, spoilt, "record") == "" {
			t.Errorf("%s is accepted", name)
		}
	}
}

func asJSON(t *testing.T, record Record) any {
	t.Helper()
	text, err := json.Marshal(record)
	must(t, err)
	var value any
	must(t, json.Unmarshal(text, &value))
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

// follows checks a value against the part of JSON Schema that the record's schema uses; "" when it
// does. Integers are those JSON numbers that have no fraction.
func follows(root, schema map[string]any, value any, where string) string {
	if ref, ok := schema["$ref"].(string); ok {
		definitions := root["$defs"].(map[string]any)
		return follows(root, definitions[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), value, where)
	}
	if constant, ok := schema["const"]; ok && value != constant {
		return fmt.Sprintf("%s is %v, not %v", where, value, constant)
	}
	if values, ok := schema["enum"].([]any); ok && !slices.Contains(values, value) {
		return fmt.Sprintf("%s is %v, none of %v", where, value, values)
	}
	kind, ok := schema["type"].(string)
	if !ok {
		return ""
	}
	switch value := value.(type) {
	case string:
		return unless(kind == "string", where, value)
	case bool:
		return unless(kind == "boolean", where, value)
	case float64:
		return unless(kind == "integer" && value == math.Trunc(value), where, value)
	case []any:
		for i, item := range value {
			if problem := follows(root, schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", where, i)); problem != "" {
				return problem
			}
		}
		return unless(kind == "array", where, value)
	case map[string]any:
		if kind == "object" {
			return followsObject(root, schema, value, where)
		}
	}
	return unless(false, where, value)
}

func followsObject(root, schema, value map[string]any, where string) string {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := value[name.(string)]; !ok {
			return fmt.Sprintf("%s has no %v", where, name)
		}
	}
	for name, item := range value {
		property, known := properties[name].(map[string]any)
		if !known {
			property, known = schema["additionalProperties"].(map[string]any)
		}
		if !known {
			return fmt.Sprintf("%s has %s, which the schema does not know", where, name)
		}
		if problem := follows(root, property, item, where+"."+name); problem != "" {
			return problem
		}
	}
	return ""
}

func unless(holds bool, where string, value any) string {
	if holds {
		return ""
	}
	return fmt.Sprintf("%s is %v, of another type than the schema says", where, value)
}
