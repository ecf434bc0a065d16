//! {{title}}: publishes the greeting of its configuration.

use serde::Deserialize;
use signalk_plugin::{plugin, publish, set_status, Plugin, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    greeting: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { greeting: "Hello".into() }
    }
}

#[derive(Default)]
struct Minimal;

impl Plugin for Minimal {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "greeting": {"type": "string", "title": "Greeting", "default": "Hello"}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        if config.greeting.is_empty() {
            return Err("The greeting is empty".into());
        }
        publish("plugins.{{key}}.greeting", &config.greeting);
        set_status("Running");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

plugin! { Minimal; }

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::{json, mock};

    #[test]
    fn it_greets() {
        Minimal.start(Config { greeting: "Ahoy".into() }).unwrap();
        assert_eq!(mock::value("plugins.{{key}}.greeting"), Some(json!("Ahoy")));
        assert_eq!(mock::status().as_deref(), Some("Running"));
    }

    #[test]
    fn it_does_not_start_without_words() {
        assert!(Minimal.start(Config { greeting: String::new() }).is_err());
    }
}
