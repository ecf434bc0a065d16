// {{title}}: a lamp that is switched by PUT requests.
package main

import (
	"encoding/json"

	"{{module}}/signalk"
)

const path = "electrical.switches.cabinLight.state"

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"onAtStart": {"type": "boolean", "title": "Switch the lamp on at start", "default": false}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	var config struct{ OnAtStart bool }
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	if err := signalk.RegisterPut(path); err != nil {
		return err
	}
	return switchLamp(config.OnAtStart)
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

// Here a real plugin talks to its relay.
func switchLamp(on bool) error {
	if on {
		signalk.SetStatus("The lamp is on")
	} else {
		signalk.SetStatus("The lamp is off")
	}
	return signalk.Publish(path, on)
}

func putState(value json.RawMessage) signalk.PutResult {
	var on *bool
	if json.Unmarshal(value, &on) != nil || on == nil {
		return signalk.Failed(400, "the state must be true or false, not "+string(value))
	}
	if err := switchLamp(*on); err != nil {
		return signalk.Failed(502, err.Error())
	}
	return signalk.Done()
}

// The name is that of the path, with underscores for its dots.
//
//go:wasmexport handle_put_vessels_self_electrical_switches_cabinLight_state
func handlePutState(at, n, out, max uint32) int32 { return signalk.Put(at, n, out, max, putState) }

func main() {}
