// Package signalk makes a Signal K server plugin of a Go program.
//
//	func init() {
//		signalk.Register(signalk.Plugin{ID: "hello", Name: "Hello", Schema: "{}", Start: start})
//	}
//
//	func start(config json.RawMessage) error {
//		signalk.SetStatus("Running")
//		return nil
//	}
//
//	//go:wasmexport poll
//	func poll() int32 { return signalk.Poll(everySecond) }
//
//	func main() {}
//
// The server calls exports of the module. Those that every plugin has are in this package. Those that a plugin may have are
// written by its author, one line each, because the server calls what it finds: an export named poll once a second, delta_handler
// for each delta, handle_put_vessels_self_a_b for a PUT on a.b, http_endpoints and the handlers it names, and those of providers.
//
// Build: GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o plugin.wasm .
//
// The server never calls a plugin while another call of it goes on. Goroutines run only during a call: what shall go on between
// calls belongs into poll. An init function of the plugin runs once; main does not.
//
// Built for your own machine, the server's functions go to [Recorder], so that a plugin's functions can be tested with go test.
//
// Units are SI: metres, metres per second, radians, kelvin, pascal, ratios from 0 to 1.
package signalk

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Plugin is what every plugin has.
type Plugin struct {
	// ID is the name in package.json.
	ID string
	// Name is for people.
	Name string
	// Schema is the JSON schema of the configuration; the server makes a form of it.
	Schema string
	// Start is called when the plugin is switched on, at boot, and after each change of the configuration, which is {} before the
	// first save. The server adds a member enableDebug. An error keeps the plugin stopped and is shown.
	Start func(config json.RawMessage) error
	// Stop is called before a restart, when switched off, at shutdown. All server functions still work. May be nil.
	Stop func() error
}

var plugin Plugin

// Register says which plugin this is. Call it in an init function.
func Register(p Plugin) { plugin = p }

//go:wasmexport plugin_id
func pluginID(out, max uint32) int32 { return Give(out, max, plugin.ID) }

//go:wasmexport plugin_name
func pluginName(out, max uint32) int32 { return Give(out, max, plugin.Name) }

//go:wasmexport plugin_schema
func pluginSchema(out, max uint32) int32 { return Give(out, max, plugin.Schema) }

//go:wasmexport plugin_start
func pluginStart(at, n uint32) int32 {
	defer tellPanic()
	if plugin.Start == nil {
		return told(errors.New("no plugin is registered: call signalk.Register in an init function"))
	}
	return told(plugin.Start(taken(at, n)))
}

//go:wasmexport plugin_stop
func pluginStop() int32 {
	defer tellPanic()
	if plugin.Stop == nil {
		return 0
	}
	return told(plugin.Stop())
}

// Config reads a configuration into a struct, which may hold defaults.
func Config(config json.RawMessage, into any) error {
	if err := json.Unmarshal(config, into); err != nil {
		return fmt.Errorf("the configuration cannot be used: %w", err)
	}
	return nil
}

// told is 0, or 1 for an error, which the user sees.
func told(err error) int32 {
	if err == nil {
		return 0
	}
	SetError(err.Error())
	return 1
}

// tellPanic lets a panic go on, which ends the plugin, but not without its words.
func tellPanic() {
	if r := recover(); r != nil {
		SetError(fmt.Sprint("panic: ", r))
		panic(r)
	}
}

// Poll is for the export poll.
func Poll(f func() error) int32 {
	defer tellPanic()
	return told(f())
}

// OnDelta is for the export delta_handler. The server sends every delta, those of other vessels and of the plugin too: ask
// [DeltaText.Mentions] before the cost of parsing.
func OnDelta(at, n uint32, f func(DeltaText)) {
	defer tellPanic()
	f(DeltaText(taken(at, n)))
}

// Put is for exports handle_put_vessels_self_…, after [RegisterPut] in the start.
func Put(at, n, out, max uint32, f func(value json.RawMessage) PutResult) int32 {
	defer tellPanic()
	return giveJSON(out, max, f(taken(at, n)))
}

// HTTP is for exports that [Endpoints] names as handlers.
func HTTP(at, n, out, max uint32, f func(*Request) Response) int32 {
	defer tellPanic()
	var request Request
	if err := json.Unmarshal(taken(at, n), &request); err != nil {
		return giveJSON(out, max, Error(500, err.Error()))
	}
	text := encoded(f(&request))
	if len(text) > int(max) {
		// cut it would be no JSON
		return giveJSON(out, max, Error(500, fmt.Sprintf("the answer has %d bytes, the server takes %d", len(text), max)))
	}
	return Give(out, max, string(text))
}

// Endpoints is for the export http_endpoints.
func Endpoints(out, max uint32, list ...Endpoint) int32 { return giveJSON(out, max, list) }

// Answer is for the exports of providers (resources_…, weather_…, radar_…). What f returns is written as JSON; an error becomes
// {"error": its text}.
func Answer[T any](at, n, out, max uint32, f func(request *T) (any, error)) int32 {
	defer tellPanic()
	var request T
	err := json.Unmarshal(taken(at, n), &request)
	if err == nil {
		var answer any
		if answer, err = f(&request); err == nil {
			return giveJSON(out, max, answer)
		}
	}
	return giveJSON(out, max, map[string]any{"error": err.Error()})
}

// Set is for the set exports of radars: {"success": true}, or false with the error.
func Set[T any](at, n, out, max uint32, f func(request *T) error) int32 {
	defer tellPanic()
	var request T
	err := json.Unmarshal(taken(at, n), &request)
	if err == nil {
		err = f(&request)
	}
	if err != nil {
		return giveJSON(out, max, map[string]any{"success": false, "error": err.Error()})
	}
	return giveJSON(out, max, map[string]any{"success": true})
}

// List is for the export radar_get_radars, the one without a request.
func List(out, max uint32, f func() []string) int32 {
	defer tellPanic()
	return giveJSON(out, max, f())
}

func encoded(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(map[string]string{"error": err.Error()})
	}
	return text
}

func giveJSON(out, max uint32, value any) int32 { return Give(out, max, string(encoded(value))) }
