package testkit

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// FollowsSchema checks a value against the part of JSON Schema that the record's schema uses; "" when it
// does. Integers are those JSON numbers that have no fraction.
func FollowsSchema(root, schema map[string]any, value any, where string) string {
	if ref, ok := schema["$ref"].(string); ok {
		definitions := root["$defs"].(map[string]any)
		return FollowsSchema(root, definitions[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), value, where)
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
			if problem := FollowsSchema(root, schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", where, i)); problem != "" {
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
		if problem := FollowsSchema(root, property, item, where+"."+name); problem != "" {
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
