//! {{title}}: answers HTTP requests below /plugins/{{id}}.

use serde::Deserialize;
use signalk_plugin::{json, plugin, set_status, HttpRequest, HttpResponse, Plugin, Result};

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
struct Greeter {
    greeting: String,
    answered: u32,
}

impl Plugin for Greeter {
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
        self.greeting = config.greeting;
        set_status("Answering");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Greeter {
    fn hello(&mut self, request: &HttpRequest) -> HttpResponse {
        self.answered += 1;
        let name = request.params.get("name").map_or("you", String::as_str);
        HttpResponse::json(json!({"text": format!("{}, {name}", self.greeting), "answered": self.answered}))
    }

    fn set_greeting(&mut self, request: &HttpRequest) -> HttpResponse {
        match request.body["greeting"].as_str() {
            Some(text) if !text.is_empty() => {
                self.greeting = text.into();
                HttpResponse::json(json!({"greeting": text}))
            }
            _ => HttpResponse::error(400, "greeting must be a text"),
        }
    }
}

plugin! { Greeter;
    http {
        GET "/api/hello/:name" => hello;
        POST "/api/greeting" => set_greeting;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_greets_by_name() {
        let mut greeter = Greeter::default();
        greeter.start(Config::default()).unwrap();
        let answer = greeter.hello(&HttpRequest::new("GET", "/api/hello/Anna").param("name", "Anna"));
        assert_eq!(answer.body, json!({"text": "Hello, Anna", "answered": 1}));
    }

    #[test]
    fn the_greeting_is_a_text() {
        let mut greeter = Greeter::default();
        let post = |body| HttpRequest::new("POST", "/api/greeting").json(body);
        assert_eq!(greeter.set_greeting(&post(json!({"greeting": 7}))).status_code, 400);
        assert_eq!(greeter.set_greeting(&post(json!({"greeting": "Ahoy"}))).status_code, 200);
        assert_eq!(greeter.greeting, "Ahoy");
    }
}
