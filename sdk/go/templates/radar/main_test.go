package main

import (
	"encoding/json"
	"testing"

	"{{module}}/signalk"
)

func TestItSendsSpokesWhenItTransmits(t *testing.T) {
	server := signalk.NewRecorder()
	if err := start(json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	if everySecond(); len(server.Frames) != 0 {
		t.Fatal("it is on standby")
	}
	if err := setControl(&request{id, "power", "transmit"}); err != nil {
		t.Fatal(err)
	}
	if everySecond(); len(server.Frames["radars/sim"]) != 1+samples {
		t.Fatal(server.Frames)
	}
	if now, _ := state(&request{RadarID: id}); now.(object)["status"] != "transmit" {
		t.Fatal(now)
	}
	if err := setControl(&request{id, "power", "overdrive"}); err == nil {
		t.Fatal("there is no overdrive")
	}
	if none, _ := info(&request{RadarID: "other"}); none != nil {
		t.Fatal(none)
	}
}
