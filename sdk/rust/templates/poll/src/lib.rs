//! {{title}}: publishes how long it has been running.

use serde::Deserialize;
use signalk_plugin::{plugin, publish, set_status, Plugin, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    interval: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { interval: 1 }
    }
}

#[derive(Default)]
struct Clock {
    interval: u32,
    seconds: u32,
}

impl Plugin for Clock {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "interval": {"type": "integer", "title": "Publish every so many seconds", "default": 1, "minimum": 1}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        if config.interval == 0 {
            return Err("The interval must be one second or more".into());
        }
        self.interval = config.interval;
        set_status("Counting");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Clock {
    /// Once a second.
    fn poll(&mut self) -> Result {
        self.seconds += 1;
        if self.seconds % self.interval == 0 {
            publish("plugins.{{key}}.uptime", self.seconds);
        }
        Ok(())
    }
}

plugin! { Clock;
    poll;
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::{json, mock};

    #[test]
    fn it_publishes_every_interval() {
        let mut clock = Clock::default();
        clock.start(Config { interval: 3 }).unwrap();
        (0..7).for_each(|_| clock.poll().unwrap());
        assert_eq!(mock::value("plugins.{{key}}.uptime"), Some(json!(6)));
        assert_eq!(mock::with(|m| m.deltas.len()), 2);
    }

    #[test]
    fn it_refuses_to_run_every_zero_seconds() {
        assert!(Clock::default().start(Config { interval: 0 }).is_err());
    }
}
