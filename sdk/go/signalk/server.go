package signalk

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Sizes that are tried one after the other: the server says 0 both for "not there" and for "does not fit".
var rooms = [...]int{4 * 1024, 256 * 1024}

// Debug writes one line into the server's log, seen with DEBUG=signalk:wasm:*. There are no levels: put one into the text.
func Debug(text string) { host.debug(text) }

// SetStatus says what users see beside the plugin. Empty text removes it.
func SetStatus(text string) { host.setStatus(text) }

// SetError is the same, shown as an error. It does not stop the plugin.
func SetError(text string) { host.setError(text) }

// Send publishes a delta.
func (d Delta) Send() error {
	text, err := json.Marshal(d)
	if err == nil {
		host.handleMessage(text)
	}
	return err
}

// Publish sends one value of the own vessel.
func Publish(path string, value any) error {
	return Delta{Updates: []Update{{Values: []PathValue{{path, value}}}}}.Send()
}

// Notify publishes a notification; path begins with notifications.
func Notify(path string, notification Notification) error {
	text, err := json.Marshal(notification)
	if err != nil {
		return err
	}
	return granted(host.publishNotification(path, text) == 0, "the notification %s was refused", path)
}

func read(get func(out []byte) int32) []byte {
	for _, room := range rooms {
		out := make([]byte, room)
		if n := get(out); n > 0 && int(n) <= room {
			return out[:n]
		}
	}
	return nil
}

// SelfPath reads the node at a path of the own vessel: navigation.position is an object with value, timestamp, $source;
// navigation.position.value the bare value. False: not there, or not of this type. (The Node server always says so.)
func SelfPath(path string, into any) bool {
	text := read(func(out []byte) int32 { return host.getSelfPath(path, out) })
	return text != nil && json.Unmarshal(text, into) == nil
}

// SelfContext is the context under which deltas of the own vessel come; empty where the server does not tell.
func SelfContext() string {
	var id string
	if SelfPath("mmsi", &id) {
		return "vessels.urn:mrn:imo:mmsi:" + id
	}
	if SelfPath("uuid", &id) {
		return "vessels." + id
	}
	return ""
}

// ReadConfig reads the configuration as it is saved now.
func ReadConfig(into any) error {
	text := read(host.readConfig)
	if text == nil {
		return errors.New("the configuration is too large")
	}
	return json.Unmarshal(text, into)
}

// SaveConfig replaces the saved configuration. It does not restart the plugin.
func SaveConfig(config any) error {
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return granted(host.saveConfig(text) == 0, "the server could not save the configuration")
}

// HasCapability says whether package.json grants network or rawSockets. (skiff answers for the others too.)
func HasCapability(name string) bool { return host.hasCapability(name) }

// RegisterPut asks for PUT requests on a path of the own vessel. Define the export handle_put_vessels_self_ and the path, its dots
// as underscores.
func RegisterPut(path string) error {
	return granted(host.registerPut("vessels.self", path), `PUT requests for %s were refused: package.json needs "putHandlers": true`, path)
}

// ProvideResources makes the plugin answer for a type of resources, with the exports resources_list_resources, …get_resource,
// …set_resource, …delete_resource.
func ProvideResources(kind string) error {
	return granted(host.registerResources(kind), `providing %s was refused: package.json needs "resourceProvider": true`, kind)
}

// ProvideWeather makes the plugin answer for weather, with the exports weather_get_observations, …forecasts, …warnings.
func ProvideWeather(name string) error {
	return granted(host.registerWeather(name), `providing weather was refused: package.json needs "weatherProvider": true`)
}

// ProvideRadars makes the plugin answer for radars, with the exports radar_….
func ProvideRadars(name string) error {
	return granted(host.registerRadar(name), `providing radars was refused: package.json needs "radarProvider": true`)
}

// EmitStream sends one binary message to the clients of the stream plugins/<package name>/… or radars/<radar>.
func EmitStream(id string, data []byte) bool { return host.emitStream(id, data) }

// EmitSpokes is the same for a radar of this plugin.
func EmitSpokes(radar string, data []byte) bool { return host.emitSpokes(radar, data) }

func granted(yes bool, otherwise string, args ...any) error {
	if yes {
		return nil
	}
	return fmt.Errorf(otherwise, args...)
}
