// {{title}}: a simulated radar. A real one would get its spokes from the network.
package main

import (
	"encoding/json"
	"fmt"

	"{{module}}/signalk"
)

const (
	id      = "sim"
	spokes  = 32
	samples = 64
)

var (
	transmitting bool
	radarRange   float64
	gain         map[string]any
	angle        int
)

func init() {
	signalk.Register(signalk.Plugin{
		ID:     "{{name}}",
		Name:   "{{title}}",
		Schema: `{"type": "object", "properties": {}}`,
		Start:  start,
		Stop:   stop,
	})
}

func start(json.RawMessage) error {
	transmitting, radarRange, angle = false, 1852, 0
	gain = map[string]any{"auto": true, "value": 50}
	signalk.SetStatus("Standby")
	return signalk.ProvideRadars("{{title}}")
}

func stop() error {
	signalk.SetStatus("Stopped")
	return nil
}

// A revolution a second: each spoke is its number and a row of samples, with one echo that wanders.
func everySecond() error {
	for i := 0; transmitting && i < spokes; i++ {
		var spoke [1 + samples]byte
		spoke[0] = byte(angle)
		spoke[1+angle*2%samples] = 255
		signalk.EmitSpokes(id, spoke[:])
		angle = (angle + 1) % spokes
	}
	return nil
}

func power() string {
	if transmitting {
		return "transmit"
	}
	return "standby"
}

type request struct {
	RadarID, ControlID string
	Value              any
}

type object = map[string]any

func radars() []string { return []string{id} }

func info(r *request) (any, error) {
	if r.RadarID != id {
		return nil, nil
	}
	return object{"id": id, "name": "{{title}}", "brand": "Simulator", "status": power(),
		"spokesPerRevolution": spokes, "maxSpokeLen": 1 + samples, "range": radarRange}, nil
}

func capabilities(r *request) (any, error) {
	if r.RadarID != id {
		return nil, nil
	}
	return object{"id": id, "make": "Simulator", "model": "One", "controls": []object{
		{"id": "power", "name": "Power", "type": "enum", "values": []string{"standby", "transmit"}},
		{"id": "range", "name": "Range", "type": "number", "units": "m"},
		{"id": "gain", "name": "Gain", "type": "compound"},
	}}, nil
}

func controls() object { return object{"power": power(), "range": radarRange, "gain": gain} }

func state(r *request) (any, error) {
	if r.RadarID != id {
		return nil, nil
	}
	return object{"id": id, "status": power(), "controls": controls()}, nil
}

func control(r *request) (any, error) {
	if r.RadarID != id {
		return nil, nil
	}
	return controls()[r.ControlID], nil
}

func setControl(r *request) error {
	text, _ := r.Value.(string)
	number, isNumber := r.Value.(float64)
	compound, isCompound := r.Value.(object)
	switch {
	case r.RadarID != id:
		return fmt.Errorf("there is no radar %s", r.RadarID)
	case r.ControlID == "power" && (text == "transmit" || text == "standby"):
		transmitting = text == "transmit"
		signalk.SetStatus(map[bool]string{true: "Transmitting", false: "Standby"}[transmitting])
	case r.ControlID == "range" && isNumber:
		radarRange = number
	case r.ControlID == "gain" && isCompound:
		gain = compound
	default:
		return fmt.Errorf("%s cannot be %v", r.ControlID, r.Value)
	}
	return nil
}

//go:wasmexport poll
func poll() int32 { return signalk.Poll(everySecond) }

//go:wasmexport radar_get_radars
func getRadars(out, max uint32) int32 { return signalk.List(out, max, radars) }

//go:wasmexport radar_get_radar_info
func getRadarInfo(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, info) }

//go:wasmexport radar_get_capabilities
func getCapabilities(at, n, out, max uint32) int32 {
	return signalk.Answer(at, n, out, max, capabilities)
}

//go:wasmexport radar_get_state
func getState(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, state) }

//go:wasmexport radar_get_control
func getControl(at, n, out, max uint32) int32 { return signalk.Answer(at, n, out, max, control) }

//go:wasmexport radar_set_control
func setRadarControl(at, n, out, max uint32) int32 {
	return signalk.Set(at, n, out, max, setControl)
}

func main() {}
