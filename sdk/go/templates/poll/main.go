// {{title}}: publishes how long it has been running.
package main

import (
	"encoding/json"
	"errors"

	"{{module}}/signalk"
)

var interval, seconds int

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"interval": {"type": "integer", "title": "Publish every so many seconds", "default": 1, "minimum": 1}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	config := struct{ Interval int }{1}
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	if config.Interval < 1 {
		return errors.New("The interval must be one second or more")
	}
	interval, seconds = config.Interval, 0
	signalk.SetStatus("Counting")
	return nil
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

func everySecond() error {
	seconds++
	if seconds%interval != 0 {
		return nil
	}
	return signalk.Publish("plugins.{{key}}.uptime", seconds)
}

//go:wasmexport poll
func poll() int32 { return signalk.Poll(everySecond) }

func main() {}
