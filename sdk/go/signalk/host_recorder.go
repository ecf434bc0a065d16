//go:build !wasip1

package signalk

import (
	"encoding/json"
	"strings"
)

// Recorder is the server of native tests: it writes down what a plugin says, and answers what the test told it before.
type Recorder struct {
	Lines, Statuses, Errors []string
	Deltas                  []Delta
	Notifications           map[string]Notification
	Registered              []string          // paths of PUT handlers, types of resources, names of providers
	Frames                  map[string][]byte // the last message of each stream; spokes under radars/…
	SelfValues              map[string]any    // what SelfPath finds
	Config                  json.RawMessage   // the saved configuration
	Refused                 []string          // capabilities that are not granted; all others are
}

var host *Recorder

func init() { NewRecorder() }

// NewRecorder replaces the server of all later calls.
func NewRecorder() *Recorder {
	host = &Recorder{
		Notifications: map[string]Notification{}, Frames: map[string][]byte{}, SelfValues: map[string]any{},
		Config: json.RawMessage("{}"),
	}
	return host
}

// Value is the one that was published last for a path, nil if there is none.
func (r *Recorder) Value(path string) (found any) {
	for _, delta := range r.Deltas {
		for _, update := range delta.Updates {
			for _, value := range update.Values {
				if value.Path == path {
					found = value.Value
				}
			}
		}
	}
	return found
}

func (r *Recorder) debug(text string)     { r.Lines = append(r.Lines, text) }
func (r *Recorder) setStatus(text string) { r.Statuses = append(r.Statuses, text) }
func (r *Recorder) setError(text string)  { r.Errors = append(r.Errors, text) }

func (r *Recorder) handleMessage(text []byte) {
	if delta, err := DeltaText(text).Parse(); err == nil {
		r.Deltas = append(r.Deltas, delta)
	}
}

func (r *Recorder) publishNotification(path string, text []byte) int32 {
	var notification Notification
	if json.Unmarshal(text, &notification) != nil {
		return -1
	}
	r.Notifications[path] = notification
	return 0
}

func give(out []byte, value any) int32 {
	text, err := json.Marshal(value)
	if err != nil || len(text) > len(out) {
		return 0
	}
	return int32(copy(out, text))
}

func (r *Recorder) getSelfPath(path string, out []byte) int32 {
	value, there := r.SelfValues[path]
	if !there {
		return 0
	}
	return give(out, value)
}

func (r *Recorder) readConfig(out []byte) int32 { return give(out, r.Config) }

func (r *Recorder) saveConfig(text []byte) int32 {
	r.Config = append(json.RawMessage(nil), text...)
	return 0
}

func (r *Recorder) hasCapability(name string) bool {
	return !strings.Contains(","+strings.Join(r.Refused, ",")+",", ","+name+",")
}

func (r *Recorder) register(capability, what string) bool {
	if !r.hasCapability(capability) {
		return false
	}
	r.Registered = append(r.Registered, what)
	return true
}

func (r *Recorder) registerPut(context, path string) bool {
	return r.register("putHandlers", path)
}

func (r *Recorder) registerResources(kind string) bool {
	return r.register("resourceProvider", kind)
}

func (r *Recorder) registerWeather(name string) bool {
	return r.register("weatherProvider", name)
}

func (r *Recorder) registerRadar(name string) bool {
	return r.register("radarProvider", name)
}

func (r *Recorder) emitStream(id string, data []byte) bool {
	r.Frames[id] = append([]byte(nil), data...)
	return true
}

func (r *Recorder) emitSpokes(radar string, data []byte) bool {
	return r.hasCapability("radarProvider") && r.emitStream("radars/"+radar, data)
}

// The buffers of a server exist only in WebAssembly.

func taken(at, n uint32) []byte {
	panic("exports can be called only by a server; test the functions behind them")
}

// Give writes text into a server's buffer.
func Give(out, max uint32, text string) int32 {
	panic("exports can be called only by a server; test the functions behind them")
}
