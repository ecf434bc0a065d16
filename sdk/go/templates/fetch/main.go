// {{title}}: fetches a number and publishes it. HTTP requests are an addition of skiff: this plugin loads on no other server.
package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"{{module}}/signalk"
	"{{module}}/signalk/skiff"
)

type settings struct {
	URL      string
	Path     string
	Interval int
}

var (
	config  settings
	seconds int
)

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"url": {"type": "string", "title": "URL of a document like {\"value\": 291.15}"},
			"path": {"type": "string", "title": "Signal K path", "default": "environment.outside.temperature"},
			"interval": {"type": "integer", "title": "Fetch every so many seconds", "default": 60, "minimum": 1}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	config, seconds = settings{Path: "environment.outside.temperature", Interval: 60}, 0
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	if config.Interval < 1 {
		return errors.New("The interval must be one second or more")
	}
	if config.URL == "" {
		signalk.SetStatus("Waiting for a URL in the configuration")
	} else {
		signalk.SetStatus("Waiting")
	}
	return nil
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

// The first fetch comes with the first second.
func everySecond() error {
	due := seconds%config.Interval == 0
	seconds++
	if !due || config.URL == "" {
		return nil
	}
	value, err := fetch()
	if err != nil {
		return err
	}
	signalk.SetStatus("Fetched")
	return signalk.Publish(config.Path, value)
}

func fetch() (float64, error) {
	answer, err := skiff.Request{URL: config.URL, TimeoutMs: 10000}.Send()
	if err != nil {
		return 0, err
	}
	if answer.Status != 200 {
		return 0, fmt.Errorf("The server answered with status %d", answer.Status)
	}
	var document struct{ Value *float64 }
	if json.Unmarshal(answer.Body, &document) != nil || document.Value == nil {
		return 0, errors.New(`The answer has no number in "value"`)
	}
	return *document.Value, nil
}

//go:wasmexport poll
func poll() int32 { return signalk.Poll(everySecond) }

func main() {}
