// {{title}}: the highest speed over ground so far.
package main

import (
	"encoding/json"

	"{{module}}/signalk"
)

const speedPath = "navigation.speedOverGround"

var (
	maxSpeed float64
	context  string // of the own vessel; where the server does not tell, all vessels count
)

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"ignoreBelow": {"type": "number", "title": "Ignore speeds below (m/s)", "default": 0}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	var config struct{ IgnoreBelow float64 }
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	maxSpeed, context = config.IgnoreBelow, signalk.SelfContext()
	signalk.SetStatus("Watching")
	return nil
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

func onDelta(text signalk.DeltaText) {
	if !text.Mentions(speedPath) {
		return // most deltas are of no interest
	}
	delta, err := text.Parse()
	if err != nil || context != "" && delta.Context != context {
		return
	}
	for _, update := range delta.Updates {
		for _, value := range update.Values {
			if speed, number := value.Value.(float64); value.Path == speedPath && number && speed > maxSpeed {
				maxSpeed = speed
				signalk.Publish("plugins.{{key}}.maxSpeed", speed)
			}
		}
	}
}

//go:wasmexport delta_handler
func deltaHandler(at, n uint32) { signalk.OnDelta(at, n, onDelta) }

func main() {}
