package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItObservesAndWarns(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	if observed, _ := observations(nil); len(observed.([]any)) != 0 {
		t.Fatal("there is nothing to observe yet")
	}
	for pressure, expected := range map[float64]int{101325: 0, 98000: 1} {
		server.SelfValues["environment.outside.pressure"] = map[string]any{"value": pressure, "timestamp": "2026-01-01T00:00:00.000Z"}
		observed, _ := observations(nil)
		outside := observed.([]any)[0].(map[string]any)["outside"].(map[string]float64)
		if warned, _ := warnings(nil); len(warned.([]any)) != expected || outside["pressure"] != pressure {
			t.Fatal(pressure, warned, observed)
		}
	}
}
