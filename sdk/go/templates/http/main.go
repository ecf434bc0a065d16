// {{title}}: answers HTTP requests below /plugins/{{id}}.
package main

import (
	"encoding/json"

	"{{module}}/signalk"
)

var (
	greeting string
	answered int
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
	greeting, answered = config.Greeting, 0
	signalk.SetStatus("Answering")
	return nil
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

func hello(request *signalk.Request) signalk.Response {
	answered++
	return signalk.JSON(map[string]any{"text": greeting + ", " + request.Params["name"], "answered": answered})
}

func setGreeting(request *signalk.Request) signalk.Response {
	var body struct{ Greeting string }
	if json.Unmarshal(request.Body, &body) != nil || body.Greeting == "" {
		return signalk.Error(400, "greeting must be a text")
	}
	greeting = body.Greeting
	return signalk.JSON(map[string]any{"greeting": greeting})
}

//go:wasmexport http_endpoints
func httpEndpoints(out, max uint32) int32 {
	return signalk.Endpoints(out, max,
		signalk.Endpoint{Method: "GET", Path: "/api/hello/:name", Handler: "http_hello"},
		signalk.Endpoint{Method: "POST", Path: "/api/greeting", Handler: "http_greeting"})
}

//go:wasmexport http_hello
func httpHello(at, n, out, max uint32) int32 { return signalk.HTTP(at, n, out, max, hello) }

//go:wasmexport http_greeting
func httpGreeting(at, n, out, max uint32) int32 { return signalk.HTTP(at, n, out, max, setGreeting) }

func main() {}
