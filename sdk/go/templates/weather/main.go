// {{title}}: the boat's own thermometer and barometer as a weather station.
package main

import (
	"encoding/json"
	"fmt"

	"{{module}}/signalk"
)

var lowPressure float64

func init() {
	signalk.Register(signalk.Plugin{
		ID:   "{{name}}",
		Name: "{{title}}",
		Schema: `{"type": "object", "properties": {
			"lowPressure": {"type": "number", "title": "Warn when the pressure is below (Pa)", "default": 100000}}}`,
		Start: start,
		Stop:  stop,
	})
}

func start(text json.RawMessage) error {
	config := struct{ LowPressure float64 }{100000}
	if err := signalk.Config(text, &config); err != nil {
		return err
	}
	lowPressure = config.LowPressure
	signalk.SetStatus("Observing")
	return signalk.ProvideWeather("{{title}}")
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

// reading is a node of the own vessel's tree.
type reading struct {
	Value     float64
	Timestamp string
}

type request struct{}

// One observation, here and now: this boat measures nowhere else.
func observations(*request) (any, error) {
	var date string
	var now reading
	outside := map[string]float64{}
	for _, quantity := range []string{"temperature", "pressure"} {
		if signalk.SelfPath("environment.outside."+quantity, &now) {
			outside[quantity], date = now.Value, now.Timestamp
		}
	}
	if date == "" {
		return []any{}, nil
	}
	return []any{map[string]any{"date": date, "type": "observation", "outside": outside}}, nil
}

func forecasts(*request) (any, error) { return []any{}, nil }

func warnings(*request) (any, error) {
	var pressure reading
	if !signalk.SelfPath("environment.outside.pressure", &pressure) || pressure.Value >= lowPressure {
		return []any{}, nil
	}
	return []any{map[string]any{
		"startTime": pressure.Timestamp,
		"endTime":   pressure.Timestamp,
		"details":   fmt.Sprintf("Pressure %g Pa is below %g Pa", pressure.Value, lowPressure),
		"source":    "{{title}}",
		"type":      "Warning",
	}}, nil
}

//go:wasmexport weather_get_observations
func getObservations(at, n, out, max uint32) int32 {
	return signalk.Answer(at, n, out, max, observations)
}

//go:wasmexport weather_get_forecasts
func getForecasts(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, forecasts) }

//go:wasmexport weather_get_warnings
func getWarnings(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, warnings) }

func main() {}
