package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
	"{{module}}/signalk/skiff"
)

func fetched(t *testing.T, status int, body string) (*signalk.Recorder, error) {
	server := signalk.NewRecorder()
	skiff.Answer = func(r skiff.Request) *skiff.Response {
		return &skiff.Response{Status: status, URL: r.URL, Body: []byte(body)}
	}
	if err := start(json.RawMessage(`{"url":"http://boat.example/"}`)); err != nil {
		t.Fatal(err)
	}
	return server, everySecond()
}

func TestItPublishesWhatItFetched(t *testing.T) {
	if server, err := fetched(t, 200, `{"value":291.15}`); err != nil || server.Value("environment.outside.temperature") != 291.15 {
		t.Fatal(err, server.Deltas)
	}
}

func TestItSaysWhatWentWrong(t *testing.T) {
	for status, body := range map[int]string{404: "", 200: "none"} {
		if _, err := fetched(t, status, body); err == nil {
			t.Fatal(status, body)
		}
	}
}
