package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItGreets(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{"greeting":"Ahoy"}`)); err != nil || server.Value("plugins.{{key}}.greeting") != "Ahoy" {
		t.Fatal(err, server.Deltas)
	}
}

func TestItDoesNotStartWithoutWords(t *testing.T) {
	if start(json.RawMessage(`{"greeting":""}`)) == nil || start(json.RawMessage(`{"greeting":7}`)) == nil {
		t.Fatal("it started")
	}
}
