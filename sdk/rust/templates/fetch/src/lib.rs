//! {{title}}: fetches a number and publishes it. HTTP requests are an addition of skiff: this plugin loads on no other server.

use serde::Deserialize;
use signalk_plugin::skiff::Request;
use signalk_plugin::{plugin, publish, set_status, Error, Plugin, Result};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    url: String,
    path: String,
    interval: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { url: String::new(), path: "environment.outside.temperature".into(), interval: 60 }
    }
}

#[derive(Deserialize)]
struct Document {
    value: f64,
}

#[derive(Default)]
struct Fetcher {
    config: Config,
    seconds: u32,
}

impl Plugin for Fetcher {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "url": {"type": "string", "title": "URL of a document like {\"value\": 291.15}"},
            "path": {"type": "string", "title": "Signal K path", "default": "environment.outside.temperature"},
            "interval": {"type": "integer", "title": "Fetch every so many seconds", "default": 60, "minimum": 1}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        if config.interval == 0 {
            return Err("The interval must be one second or more".into());
        }
        self.config = config;
        set_status(if self.config.url.is_empty() { "Waiting for a URL in the configuration" } else { "Waiting" });
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Fetcher {
    /// Once a second; the first fetch comes with the first.
    fn poll(&mut self) -> Result {
        let due = self.seconds % self.config.interval == 0;
        self.seconds += 1;
        if due && !self.config.url.is_empty() {
            publish(&self.config.path, self.fetch()?);
            set_status("Fetched");
        }
        Ok(())
    }

    fn fetch(&self) -> Result<f64> {
        let answer = Request::get(&self.config.url).timeout_ms(10_000).send()?;
        if answer.status != 200 {
            return Err(Error::from(format!("The server answered with status {}", answer.status)));
        }
        let document: Document = answer.json().map_err(|e| format!("The answer has no number in \"value\": {e}"))?;
        Ok(document.value)
    }
}

plugin! { Fetcher;
    poll;
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::{json, mock};

    fn fetcher(status: u16, body: &str) -> Fetcher {
        let head = json!({"status": status, "url": "http://boat.example/"});
        mock::with(|m| m.http_answers.push_back((head, body.into())));
        let mut fetcher = Fetcher::default();
        fetcher.start(Config { url: "http://boat.example/".into(), ..Config::default() }).unwrap();
        fetcher
    }

    #[test]
    fn it_publishes_what_it_fetched() {
        fetcher(200, r#"{"value":291.15}"#).poll().unwrap();
        assert_eq!(mock::value("environment.outside.temperature"), Some(json!(291.15)));
    }

    #[test]
    fn it_says_what_went_wrong() {
        assert!(fetcher(404, "").poll().unwrap_err().to_string().contains("404"));
        assert!(fetcher(200, "none").poll().unwrap_err().to_string().contains("no number"));
    }

    #[test]
    fn it_refuses_to_fetch_every_zero_seconds() {
        assert!(Fetcher::default().start(Config { interval: 0, ..Config::default() }).is_err());
    }
}
