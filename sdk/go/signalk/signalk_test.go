package signalk

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestPublishing(t *testing.T) {
	r := NewRecorder()
	if err := Publish("a.b", 1.5); err != nil || r.Value("a.b") != 1.5 {
		t.Fatal(err, r.Deltas)
	}
	if err := Publish("a.b", func() {}); err == nil {
		t.Fatal("a function is no JSON")
	}
	text, _ := json.Marshal(Delta{Updates: []Update{{Values: []PathValue{{"a", 1}}}}})
	if string(text) != `{"updates":[{"values":[{"path":"a","value":1}]}]}` {
		t.Fatal(string(text))
	}
	delta := DeltaText(text)
	if !delta.Mentions("a") || delta.Mentions("b") {
		t.Fatal("Mentions")
	}
}

func TestTheOwnVessel(t *testing.T) {
	r := NewRecorder()
	var speed float64
	if SelfPath("navigation.speedOverGround.value", &speed) || SelfContext() != "" {
		t.Fatal("nothing is known yet")
	}
	r.SelfValues["navigation.speedOverGround.value"] = 3.5
	r.SelfValues["uuid"] = "urn:mrn:signalk:uuid:1"
	if !SelfPath("navigation.speedOverGround.value", &speed) || speed != 3.5 || SelfContext() != "vessels.urn:mrn:signalk:uuid:1" {
		t.Fatal(speed, SelfContext())
	}
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = 'x'
	}
	r.SelfValues["long"] = string(long)
	var text string
	if !SelfPath("long", &text) || len(text) != len(long) {
		t.Fatal(len(text))
	}
}

func TestConfiguration(t *testing.T) {
	r := NewRecorder()
	var config struct{ Label string }
	if err := Config(json.RawMessage(`{"label":7}`), &config); err == nil {
		t.Fatal("a number is no label")
	}
	if err := SaveConfig(map[string]string{"label": "x"}); err != nil || string(r.Config) != `{"label":"x"}` {
		t.Fatal(err, string(r.Config))
	}
	if err := ReadConfig(&config); err != nil || config.Label != "x" {
		t.Fatal(err, config)
	}
}

func TestRefusals(t *testing.T) {
	r := NewRecorder()
	r.Refused = []string{"putHandlers"}
	if err := RegisterPut("a.b"); err == nil || len(r.Registered) != 0 {
		t.Fatal(err, r.Registered)
	}
	if err := errors.Join(ProvideResources("buoys"), ProvideWeather("w"), ProvideRadars("r")); err != nil || len(r.Registered) != 3 {
		t.Fatal(err, r.Registered)
	}
}

func TestFailuresAreTold(t *testing.T) {
	r := NewRecorder()
	if Poll(func() error { return errors.New("no sensor") }) != 1 || r.Errors[0] != "no sensor" {
		t.Fatal(r.Errors)
	}
	defer func() {
		if recover() == nil || r.Errors[1] != "panic: oops" {
			t.Fatal(r.Errors)
		}
	}()
	Poll(func() error { panic("oops") })
}
