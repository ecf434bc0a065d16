// Package skiff makes HTTP requests through skiff's own import, with the capability network. A plugin that uses it loads on no other
// server.
package skiff

import (
	"encoding/json"
	"errors"
)

const headMax = 16 * 1024

// Request: all but the URL may be left out.
type Request struct {
	URL       string            `json:"url"`
	Method    string            `json:"method,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	TimeoutMs int               `json:"timeoutMs,omitempty"` // of the whole request; at most 30000
	Body      []byte            `json:"-"`
}

// Response: an error status such as 404 is one as well.
type Response struct {
	Status  int            `json:"status"`
	URL     string         `json:"url"`     // where it came from in the end
	Headers map[string]any `json:"headers"` // names in lower case; a list where one came several times
	Body    []byte         `json:"-"`
}

// Get waits for the answer, on the plugin's own thread; that time does not count against the deadline of the call.
func Get(url string) (*Response, error) { return Request{URL: url}.Send() }

// Send is Get for all other requests.
func (r Request) Send() (*Response, error) {
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	head := make([]byte, headMax)
	n := httpRequest(request, r.Body, head)
	if n < 0 {
		return nil, errors.New(`HTTP requests need "network": true in wasmCapabilities`)
	}
	var answer struct {
		Response
		Error string `json:"error"`
	}
	if err := json.Unmarshal(head[:n], &answer); err != nil {
		return nil, err
	}
	piece := make([]byte, 64*1024)
	for n := httpBody(piece); n > 0; n = httpBody(piece) {
		answer.Body = append(answer.Body, piece[:n]...)
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return &answer.Response, nil
}
