package redact

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/reprise-dr/reprise/harness"
)

// The secrets of this process.
var (
	keeping sync.Mutex
	kept    []harness.Secret
	current atomic.Pointer[Redactor] // nil while there are none
)

// Keep has the secrets struck out from now on, for as long as the process lives. Those without a value are none.
func Keep(secrets []harness.Secret) {
	keeping.Lock()
	defer keeping.Unlock()
	before := len(kept)
	for _, secret := range secrets {
		if len(secret.Value) >= harness.MinimumSecret && !slices.Contains(kept, secret) {
			kept = append(kept, secret)
		}
	}
	if len(kept) > before {
		current.Store(New(kept))
	}
}

// Text is the text without the secrets of this process.
func Text(text string) string {
	if redactor := current.Load(); redactor != nil {
		return redactor.Text(text)
	}
	return text
}

// Error is the error without the secrets in its text: the same one where there are none, else one that wraps it. Nil is nil.
func Error(err error) error {
	if err == nil {
		return nil
	}
	before := err.Error()
	if text := Text(before); text != before {
		return &redactedError{text, err}
	}
	return err
}

// A redactedError is an error in other words.
type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap lets errors.Is and errors.As see what went wrong.
func (e *redactedError) Unwrap() error { return e.cause }

// Format has every verb print the text: the cause has the secrets.
func (e *redactedError) Format(state fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(state, "%q", e.text)
		return
	}
	fmt.Fprint(state, e.text)
}

// Writer strikes the secrets out of each text that is written at once.
func Writer(to io.Writer) io.Writer { return writer{to} }

type writer struct{ to io.Writer }

func (w writer) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.to, Text(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Value is the value with every text in it without the secrets: those in exported fields, lists and maps, keys of maps too. What
// the given value points at stays as it is.
func Value[T any](value T) T {
	if current.Load() == nil {
		return value
	}
	result, changed := redacted(reflect.ValueOf(&value).Elem())
	if !changed {
		return value
	}
	return result.Interface().(T)
}

// redacted is the value without the secrets, and whether that is another one.
func redacted(value reflect.Value) (_ reflect.Value, changed bool) {
	switch value.Kind() {
	case reflect.String:
		return redactedString(value)
	case reflect.Pointer, reflect.Interface:
		return redactedPointer(value)
	case reflect.Slice, reflect.Array, reflect.Struct:
		return redactedParts(value)
	case reflect.Map:
		return redactedMap(value)
	}
	return value, false
}

func redactedString(value reflect.Value) (reflect.Value, bool) {
	text := Text(value.String())
	if text == value.String() {
		return value, false
	}
	return reflect.ValueOf(text).Convert(value.Type()), true
}

func redactedPointer(value reflect.Value) (reflect.Value, bool) {
	if value.IsNil() {
		return value, false
	}
	inner, changed := redacted(value.Elem())
	if !changed {
		return value, false
	}
	if value.Kind() == reflect.Interface {
		return inner, true
	}
	pointer := reflect.New(value.Type().Elem())
	pointer.Elem().Set(inner)
	return pointer, true
}

// redactedParts is a list or a struct. It is copied as soon as one of its parts changes.
func redactedParts(value reflect.Value) (reflect.Value, bool) {
	var copied reflect.Value
	count, part := value.Len, reflect.Value.Index
	if value.Kind() == reflect.Struct {
		count, part = value.NumField, reflect.Value.Field
	}
	for i := range count() {
		if value.Kind() == reflect.Struct && !value.Type().Field(i).IsExported() {
			continue
		}
		inner, changed := redacted(part(value, i))
		if !changed {
			continue
		}
		if !copied.IsValid() {
			copied = reflect.New(value.Type()).Elem()
			if value.Kind() == reflect.Slice {
				copied.Set(reflect.MakeSlice(value.Type(), count(), count()))
				reflect.Copy(copied, value)
			} else {
				copied.Set(value)
			}
		}
		part(copied, i).Set(inner)
	}
	return copied, copied.IsValid()
}

func redactedMap(value reflect.Value) (reflect.Value, bool) {
	copied, changed := reflect.MakeMapWithSize(value.Type(), value.Len()), false
	for _, key := range value.MapKeys() {
		newKey, newName := redacted(key)
		inner, newText := redacted(value.MapIndex(key))
		copied.SetMapIndex(newKey, inner)
		changed = changed || newName || newText
	}
	if value.IsNil() || !changed {
		return value, false
	}
	return copied, true
}
