// {{title}}: buoys as resources, kept as long as the plugin runs.
package main

import (
	"encoding/json"
	"errors"
	"strings"

	"{{module}}/signalk"
)

var buoys map[string]map[string]any

func init() {
	signalk.Register(signalk.Plugin{
		ID:     "{{name}}",
		Name:   "{{title}}",
		Schema: `{"type": "object", "properties": {}}`,
		Start:  start,
		Stop:   stop,
	})
}

func start(json.RawMessage) error {
	buoys = map[string]map[string]any{
		"harbour": {"name": "Harbour entrance", "position": map[string]any{"latitude": 60.1, "longitude": 24.9}},
	}
	signalk.SetStatus("Keeping buoys")
	return signalk.ProvideResources("buoys")
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

type request struct {
	ID       string
	Property string // only this part of it, such as position.latitude
	Value    map[string]any
}

func list(*request) (any, error) { return buoys, nil }

func get(r *request) (any, error) {
	buoy, there := buoys[r.ID]
	if !there {
		return nil, nil
	}
	var part any = buoy
	for _, name := range strings.FieldsFunc(r.Property, func(c rune) bool { return c == '.' }) {
		object, _ := part.(map[string]any)
		part = object[name]
	}
	return part, nil
}

func set(r *request) (any, error) {
	if _, text := r.Value["name"].(string); !text {
		return nil, errors.New("a buoy needs a name")
	}
	buoys[r.ID] = r.Value
	return struct{}{}, nil
}

func remove(r *request) (any, error) {
	if _, there := buoys[r.ID]; !there {
		return nil, errors.New("there is no buoy " + r.ID)
	}
	delete(buoys, r.ID)
	return struct{}{}, nil
}

//go:wasmexport resources_list_resources
func listResources(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, list) }

//go:wasmexport resources_get_resource
func getResource(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, get) }

//go:wasmexport resources_set_resource
func setResource(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, set) }

//go:wasmexport resources_delete_resource
func deleteResource(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, remove) }

func main() {}
