package signalk

import (
	"encoding/json"
	"strings"
)

// Delta is news about one vessel. Without a context it is about the own one.
type Delta struct {
	Context string   `json:"context,omitempty"`
	Updates []Update `json:"updates"`
}

// Update holds values of one source at one time. When publishing leave both out: the server knows.
type Update struct {
	Source    string      `json:"$source,omitempty"`
	Timestamp string      `json:"timestamp,omitempty"`
	Values    []PathValue `json:"values,omitempty"`
	Meta      []PathValue `json:"meta,omitempty"`
}

// PathValue keeps path before value, as readers of deltas expect.
type PathValue struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// DeltaText is a delta as the server hands it over.
type DeltaText []byte

// Mentions says whether a value (or description) of exactly this path is in it.
func (d DeltaText) Mentions(path string) bool {
	return strings.Contains(string(d), `"path":"`+path+`"`)
}

// Parse reads all of it. Numbers are float64, objects map[string]any.
func (d DeltaText) Parse() (Delta, error) {
	var delta Delta
	err := json.Unmarshal(d, &delta)
	return delta, err
}

// Position is in degrees, north and east positive.
type Position struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Notification is what stands below notifications.… State: normal, alert, warn, alarm, emergency. Method: visual, sound.
type Notification struct {
	State   string   `json:"state"`
	Method  []string `json:"method"`
	Message string   `json:"message"`
}

// PutResult answers a PUT request.
type PutResult struct {
	State      string `json:"state"` // COMPLETED or PENDING
	StatusCode int    `json:"statusCode"`
	Message    string `json:"message,omitempty"`
}

// Done: it is so now.
func Done() PutResult { return PutResult{"COMPLETED", 200, ""} }

// Failed with 400: the value is wrong; 502: the device refused; 503: it cannot be reached.
func Failed(status int, message string) PutResult { return PutResult{"COMPLETED", status, message} }

// Pending: it has begun and goes on after the answer.
func Pending() PutResult { return PutResult{"PENDING", 202, ""} }

// Endpoint below /plugins/<plugin id>. Handler names an export.
type Endpoint struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Handler string `json:"handler"`
}

// Request to an endpoint.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`    // percent-encoded as it came, without the query
	Query   map[string]any    `json:"query"`   // texts; lists where a name came several times
	Params  map[string]string `json:"params"`  // what stood for :name, decoded
	Body    json.RawMessage   `json:"body"`    // of JSON requests and forms; {} for all others
	Headers map[string]any    `json:"headers"` // names in lower case
}

// Response of an endpoint.
type Response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       any               `json:"body"`
}

// JSON answers 200 with that value.
func JSON(body any) Response {
	return Response{200, map[string]string{"content-type": "application/json"}, body}
}

// Text answers 200 with plain text.
func Text(body string) Response {
	return Response{200, map[string]string{"content-type": "text/plain"}, body}
}

// Error answers {"error": message} with that status.
func Error(status int, message string) Response {
	return Response{status, map[string]string{"content-type": "application/json"}, map[string]string{"error": message}}
}
