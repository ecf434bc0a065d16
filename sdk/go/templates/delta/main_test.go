package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"{{module}}/signalk"
)

func TestItKeepsTheHighestOfTheOwnVessel(t *testing.T) {
	server := signalk.NewRecorder()
	server.SelfValues["mmsi"] = "230099999"
	if err := start(json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	give := func(mmsi string, speed float64) {
		onDelta(signalk.DeltaText(fmt.Sprintf(
			`{"context":"vessels.urn:mrn:imo:mmsi:%s","updates":[{"values":[{"path":"%s","value":%g}]}]}`, mmsi, speedPath, speed)))
	}
	for _, speed := range []float64{2.5, 4.5, 3.5} {
		give("230099999", speed)
	}
	give("211000000", 12.5)
	if server.Value("plugins.{{key}}.maxSpeed") != 4.5 || len(server.Deltas) != 2 {
		t.Fatal(server.Deltas)
	}
}
