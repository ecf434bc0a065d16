//! {{title}}: the highest speed over ground so far.

use serde::Deserialize;
use signalk_plugin::{plugin, publish, self_context, set_status, DeltaText, Plugin, Result};

const SPEED: &str = "navigation.speedOverGround";

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    ignore_below: f64,
}

#[derive(Default)]
struct MaxSpeed {
    max: f64,
    /// Of the own vessel. Where the server does not tell, all vessels count.
    context: Option<String>,
}

impl Plugin for MaxSpeed {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "ignoreBelow": {"type": "number", "title": "Ignore speeds below (m/s)", "default": 0}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        self.max = config.ignore_below;
        self.context = self_context();
        set_status("Watching");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl MaxSpeed {
    fn on_delta(&mut self, text: &DeltaText) {
        if !text.mentions(SPEED) {
            return;
        }
        let Ok(delta) = text.parse() else { return };
        if self.context.is_some() && delta.context != self.context {
            return;
        }
        for speed in delta.values().filter(|v| v.path == SPEED).filter_map(|v| v.value.as_f64()) {
            if speed > self.max {
                self.max = speed;
                publish("plugins.{{key}}.maxSpeed", speed);
            }
        }
    }
}

plugin! { MaxSpeed;
    deltas;
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::{json, mock, Delta};

    fn give(plugin: &mut MaxSpeed, context: &str, speed: f64) {
        let delta = Delta { context: Some(context.into()), ..Delta::new().with(SPEED, speed) };
        plugin.on_delta(&DeltaText(&json!(delta).to_string()));
    }

    #[test]
    fn it_keeps_the_highest_of_the_own_vessel() {
        mock::set_self("mmsi", json!("230099999"));
        let mut plugin = MaxSpeed::default();
        plugin.start(Config::default()).unwrap();
        for speed in [2.5, 4.5, 3.5] {
            give(&mut plugin, "vessels.urn:mrn:imo:mmsi:230099999", speed);
        }
        give(&mut plugin, "vessels.urn:mrn:imo:mmsi:211000000", 12.5);
        assert_eq!(mock::value("plugins.{{key}}.maxSpeed"), Some(json!(4.5)));
        assert_eq!(mock::with(|m| m.deltas.len()), 2);
    }
}
