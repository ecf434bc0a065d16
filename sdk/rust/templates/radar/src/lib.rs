//! {{title}}: a simulated radar. A real one would get its spokes from a socket (`signalk_plugin::UdpSocket`).

use serde::Deserialize;
use signalk_plugin::{emit_spokes, json, plugin, set_status, Error, Plugin, Radar, Result, Value};

const ID: &str = "sim";
const SPOKES: usize = 32;
const SAMPLES: usize = 64;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {}

struct Simulator {
    transmitting: bool,
    range: f64,
    gain: Value,
    angle: usize,
}

impl Default for Simulator {
    fn default() -> Self {
        Self { transmitting: false, range: 1852.0, gain: json!({"auto": true, "value": 50}), angle: 0 }
    }
}

impl Plugin for Simulator {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{"type": "object", "properties": {}}"#;
    type Config = Config;

    fn start(&mut self, _config: Config) -> Result {
        set_status("Standby");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Simulator {
    fn power(&self) -> &'static str {
        if self.transmitting {
            "transmit"
        } else {
            "standby"
        }
    }

    /// A revolution a second: each spoke is its number and a row of samples, with one echo that wanders.
    fn poll(&mut self) -> Result {
        for _ in 0..SPOKES * usize::from(self.transmitting) {
            let mut spoke = vec![0; 1 + SAMPLES];
            spoke[0] = self.angle as u8;
            spoke[1 + (self.angle * 2) % SAMPLES] = 255;
            emit_spokes(ID, &spoke);
            self.angle = (self.angle + 1) % SPOKES;
        }
        Ok(())
    }
}

impl Radar for Simulator {
    fn radars(&mut self) -> Vec<String> {
        vec![ID.into()]
    }

    fn info(&mut self, radar: &str) -> Option<Value> {
        (radar == ID).then(|| {
            json!({
                "id": ID, "name": Self::NAME, "brand": "Simulator", "status": self.power(),
                "spokesPerRevolution": SPOKES, "maxSpokeLen": 1 + SAMPLES, "range": self.range
            })
        })
    }

    fn capabilities(&mut self, radar: &str) -> Option<Value> {
        let controls = json!([
            {"id": "power", "name": "Power", "type": "enum", "values": ["standby", "transmit"]},
            {"id": "range", "name": "Range", "type": "number", "units": "m"},
            {"id": "gain", "name": "Gain", "type": "compound"}
        ]);
        (radar == ID).then(|| json!({"id": ID, "make": "Simulator", "model": "One", "controls": controls}))
    }

    fn state(&mut self, radar: &str) -> Option<Value> {
        let controls = json!({"power": self.power(), "range": self.range, "gain": self.gain});
        (radar == ID).then(|| json!({"id": ID, "status": self.power(), "controls": controls}))
    }

    fn control(&mut self, radar: &str, control: &str) -> Option<Value> {
        self.state(radar).and_then(|state| state["controls"].get(control).cloned())
    }

    fn set_control(&mut self, _radar: &str, control: &str, value: Value) -> Result {
        match (control, &value) {
            ("power", Value::String(power)) if power == "standby" || power == "transmit" => {
                self.transmitting = power == "transmit";
                set_status(if self.transmitting { "Transmitting" } else { "Standby" });
            }
            ("range", Value::Number(range)) => self.range = range.as_f64().unwrap_or(self.range),
            ("gain", Value::Object(_)) => self.gain = value,
            _ => return Err(Error::from(format!("{control} cannot be {value}"))),
        }
        Ok(())
    }
}

plugin! { Simulator;
    poll;
    radar "{{title}}";
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::mock;

    #[test]
    fn it_sends_spokes_when_it_transmits() {
        let mut radar = Simulator::default();
        radar.poll().unwrap();
        assert!(mock::with(|m| m.frames.is_empty()));
        radar.set_control(ID, "power", json!("transmit")).unwrap();
        radar.poll().unwrap();
        let (stream, spoke) = mock::with(|m| m.frames.remove(0));
        assert_eq!((stream.as_str(), spoke.len()), ("radars/sim", 1 + SAMPLES));
        assert_eq!(radar.state(ID).unwrap()["status"], "transmit");
    }

    #[test]
    fn it_refuses_what_it_cannot_be() {
        let mut radar = Simulator::default();
        assert!(radar.set_control(ID, "power", json!("overdrive")).is_err());
        assert!(radar.info("other").is_none());
    }
}
