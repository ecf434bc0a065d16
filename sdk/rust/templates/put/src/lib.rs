//! {{title}}: a lamp that is switched by PUT requests.

use serde::Deserialize;
use signalk_plugin::{plugin, publish, set_status, Plugin, PutResult, Result, Value};

const PATH: &str = "electrical.switches.cabinLight.state";

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    on_at_start: bool,
}

#[derive(Default)]
struct Lamp {
    on: bool,
}

impl Plugin for Lamp {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "onAtStart": {"type": "boolean", "title": "Switch the lamp on at start", "default": false}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        self.switch(config.on_at_start);
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Lamp {
    /// Here a real plugin talks to its relay.
    fn switch(&mut self, on: bool) {
        self.on = on;
        publish(PATH, on);
        set_status(if on { "The lamp is on" } else { "The lamp is off" });
    }

    fn put_state(&mut self, value: Value) -> PutResult {
        match value.as_bool() {
            Some(on) => {
                self.switch(on);
                PutResult::done()
            }
            None => PutResult::failed(400, format!("the state must be true or false, not {value}")),
        }
    }
}

plugin! { Lamp;
    put { electrical.switches.cabinLight.state => put_state; }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::{json, mock};

    #[test]
    fn it_switches() {
        let mut lamp = Lamp::default();
        lamp.start(Config::default()).unwrap();
        assert_eq!(mock::value(PATH), Some(json!(false)));
        assert_eq!(lamp.put_state(json!(true)), PutResult::done());
        assert_eq!(mock::value(PATH), Some(json!(true)));
    }

    #[test]
    fn it_refuses_what_is_no_state() {
        let mut lamp = Lamp::default();
        assert_eq!(lamp.put_state(json!("bright")).status_code, 400);
        assert!(!lamp.on);
    }
}
