// {{title}}: publishes the greeting of its configuration.
package main

import (
	"encoding/json"
	"errors"

	"{{module}}/signalk"
)

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"greeting": {"type": "string", "title": "Greeting", "default": "Hello"}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	config := struct{ Greeting string }{"Hello"}
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	if config.Greeting == "" {
		return errors.New("The greeting is empty")
	}
	signalk.SetStatus("Running")
	return signalk.Publish("plugins.{{key}}.greeting", config.Greeting)
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

func main() {}
