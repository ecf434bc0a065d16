package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItPublishesEveryInterval(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{"interval":3}`)); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 7; i++ {
		if err := everySecond(); err != nil {
			t.Fatal(err)
		}
	}
	if server.Value("plugins.{{key}}.uptime") != 6.0 || len(server.Deltas) != 2 {
		t.Fatal(server.Deltas)
	}
}

func TestItRefusesToRunEveryZeroSeconds(t *testing.T) {
	if start(json.RawMessage(`{"interval":0}`)) == nil {
		t.Fatal("it started")
	}
}
