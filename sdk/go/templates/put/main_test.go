package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItSwitches(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{}`)); err != nil || server.Value(path) != false {
		t.Fatal(err, server.Deltas)
	}
	if result := putState(json.RawMessage(`true`)); result.StatusCode != 200 || server.Value(path) != true {
		t.Fatal(result, server.Deltas)
	}
}

func TestItRefusesWhatIsNoState(t *testing.T) {
	server := signalk.NewRecorder()
	for _, value := range []string{`"bright"`, `null`, `1`} {
		if result := putState(json.RawMessage(value)); result.StatusCode != 400 || len(server.Deltas) != 0 {
			t.Fatal(value, result)
		}
	}
}
