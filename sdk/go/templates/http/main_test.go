package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItGreetsByName(t *testing.T) {
	signalk.NewRecorder()
	if err := start(json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	answer := hello(&signalk.Request{Params: map[string]string{"name": "Anna"}})
	if body := answer.Body.(map[string]any); body["text"] != "Hello, Anna" || body["answered"] != 1 {
		t.Fatal(body)
	}
}

func TestTheGreetingIsAText(t *testing.T) {
	for body, status := range map[string]int{`{"greeting":7}`: 400, `{}`: 400, `{"greeting":"Ahoy"}`: 200} {
		if answer := setGreeting(&signalk.Request{Body: json.RawMessage(body)}); answer.StatusCode != status {
			t.Fatal(body, answer)
		}
	}
}
