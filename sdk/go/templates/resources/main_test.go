package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItKeepsBuoys(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{}`)); err != nil || server.Registered[0] != "buoys" {
		t.Fatal(err, server.Registered)
	}
	if _, err := set(&request{ID: "north", Value: map[string]any{"name": "North"}}); err != nil || len(buoys) != 2 {
		t.Fatal(err, buoys)
	}
	if part, err := get(&request{ID: "harbour", Property: "position.latitude"}); err != nil || part != 60.1 {
		t.Fatal(part, err)
	}
	if _, err := remove(&request{ID: "north"}); err != nil || len(buoys) != 1 {
		t.Fatal(err, buoys)
	}
	if none, err := get(&request{ID: "north"}); err != nil || none != nil {
		t.Fatal(none, err)
	}
	if _, err := set(&request{ID: "x"}); err == nil {
		t.Fatal("a buoy needs a name")
	}
}
