//! Anchor watch: a Signal K WASM plugin in Rust. Drop the anchor by PUT or HTTP, and it raises an alarm when the boat
//! leaves the circle. This file is the plugin's face to the server; what an anchor watch is, is in `watch`.

mod ffi;
mod host;
mod watch;

use serde::Deserialize;
use serde_json::{json, Value};
use std::cell::RefCell;
use watch::{Config, Level, Position, Watch};

const ID: &str = "skiff-anchor-watch";
const NAME: &str = "Anchor watch";
const SCHEMA: &str = r#"{
  "type": "object",
  "title": "Anchor watch",
  "properties": {
    "anchorLat": {"type": "number", "title": "Anchor latitude", "description": "Leave empty to start with the anchor up"},
    "anchorLon": {"type": "number", "title": "Anchor longitude"},
    "maxRadius": {"type": "number", "title": "Alarm radius (m)", "default": 50, "minimum": 10, "maximum": 5000},
    "warnRadius": {"type": "number", "title": "Warning radius (m)", "description": "Optional, smaller than the alarm radius"}
  }
}"#;
const ENDPOINTS: &str = r#"[
  {"method": "GET", "path": "/api/status", "handler": "http_get_status"},
  {"method": "GET", "path": "/api/position", "handler": "http_get_position"},
  {"method": "POST", "path": "/api/drop", "handler": "http_post_drop"}
]"#;

const PATH_POSITION: &str = "navigation.anchor.position";
const PATH_MAX_RADIUS: &str = "navigation.anchor.maxRadius";
const PATH_CURRENT_RADIUS: &str = "navigation.anchor.currentRadius";
const PATH_STATE: &str = "navigation.anchor.state";
const PATH_ALARM: &str = "notifications.navigation.anchor";

#[derive(Default)]
struct Plugin {
    watch: Option<Watch>,
    /// The context under which the server publishes the own vessel. Learned from the echo of what this plugin publishes,
    /// and only needed where the server does not answer sk_get_self_path.
    own_context: Option<String>,
    server_tells_position: bool,
    last_radius: Option<i64>,
}

thread_local! {
    static PLUGIN: RefCell<Plugin> = RefCell::default();
}

impl Plugin {
    fn start(&mut self, config: &str) -> i32 {
        let config = match Config::parse(config) {
            Ok(c) => c,
            Err(why) => {
                host::set_error(&format!("Bad configuration: {why}"));
                return 1;
            }
        };
        *self = Plugin { watch: Some(Watch::new(&config)), ..Plugin::default() };
        for path in [PATH_POSITION, PATH_MAX_RADIUS, PATH_STATE] {
            if !host::register_put_handler("vessels.self", path) {
                host::debug(&format!("[WARN] no PUT handler for {path}: putHandlers is not granted"));
            }
        }
        self.ask_position();
        self.publish_all();
        host::debug("Anchor watch started");
        0
    }

    fn stop(&mut self) -> i32 {
        if let Some(w) = self.watch.take() {
            if w.level != Level::Normal {
                publish(&[(PATH_ALARM, notification(Level::Normal, "Anchor watch stopped"))]);
            }
            publish(&[(PATH_STATE, json!("off"))]);
        }
        host::set_status("Stopped");
        0
    }

    fn poll(&mut self) -> i32 {
        self.ask_position();
        if !self.server_tells_position && self.own_context.is_none() {
            self.publish_state(); // what is published during the start does not come back as an echo
        }
        self.look();
        0
    }

    fn ask_position(&mut self) {
        let Some(text) = host::self_path("navigation.position.value") else { return };
        if let (Ok(p), Some(w)) = (serde_json::from_str(&text), self.watch.as_mut()) {
            self.server_tells_position = true;
            w.boat = Some(p);
        }
    }

    fn on_delta(&mut self, text: &str) {
        // Most deltas are of no interest: find out before the cost of parsing them.
        let position = !self.server_tells_position && text.contains("\"path\":\"navigation.position\"");
        let echo = self.own_context.is_none() && text.contains("\"path\":\"navigation.anchor.");
        if !position && !echo {
            return;
        }
        let Ok(delta) = serde_json::from_str::<Delta>(text) else { return };
        let ours = |u: &Update| u.values.iter().any(|v| v.path == PATH_STATE || v.path == PATH_CURRENT_RADIUS);
        // Anchor data of other vessels does exist, so only an update that this plugin made teaches the context.
        if echo && delta.updates.iter().any(|u| u.source.as_deref() == own_source().as_deref() && ours(u)) {
            self.own_context = delta.context.clone();
        }
        if !position || self.own_context.is_none() || delta.context != self.own_context {
            return;
        }
        for v in delta.updates.iter().flat_map(|u| &u.values).filter(|v| v.path == "navigation.position") {
            if let (Ok(p), Some(w)) = (serde_json::from_value(v.value.clone()), self.watch.as_mut()) {
                w.boat = Some(p);
            }
        }
        self.look();
    }

    /// Publishes what a new look at the distance brings.
    fn look(&mut self) {
        let Some(w) = self.watch.as_mut() else { return };
        let radius = w.distance().filter(|_| w.on);
        if let Some(level) = w.assess() {
            let message = match (level, radius) {
                (Level::Emergency, Some(d)) => format!("Anchor drags: {d:.0} m from the anchor, {:.0} m allowed", w.max_radius),
                (Level::Warn, Some(d)) => format!("Anchor: {d:.0} m of {:.0} m", w.max_radius),
                _ => "Anchor holds".to_owned(),
            };
            publish(&[(PATH_ALARM, notification(level, &message))]);
            host::set_status(&self.status_text());
        }
        // Decimetres: finer movement is noise of the receiver.
        let shown = radius.map(|d| (d * 10.0).round() as i64);
        if shown != self.last_radius {
            self.last_radius = shown;
            publish(&[(PATH_CURRENT_RADIUS, json!(shown.map(|d| d as f64 / 10.0)))]);
        }
    }

    fn publish_all(&mut self) {
        let Some(w) = self.watch.as_ref() else { return };
        publish(&[
            (PATH_POSITION, json!(w.anchor)),
            (PATH_MAX_RADIUS, json!(w.max_radius)),
            (PATH_STATE, json!(if w.on { "on" } else { "off" })),
        ]);
        self.look();
        host::set_status(&self.status_text());
    }

    fn publish_state(&self) {
        if let Some(w) = self.watch.as_ref() {
            publish(&[(PATH_STATE, json!(if w.on { "on" } else { "off" }))]);
        }
    }

    fn status_text(&self) -> String {
        match self.watch.as_ref() {
            None => "Stopped".into(),
            Some(w) if !w.on => "Anchor is up".into(),
            Some(w) => match (w.level, w.distance()) {
                (Level::Emergency, Some(_)) => format!("Alarm: outside {:.0} m", w.max_radius),
                (_, Some(_)) => format!("Watching, radius {:.0} m", w.max_radius),
                (_, None) => "Watching, waiting for a position".into(),
            },
        }
    }

    fn put_position(&mut self, value: Value) -> Result<(), String> {
        let w = self.running()?;
        if value.is_null() {
            w.raise();
        } else {
            w.drop_at(position_from(value)?);
        }
        self.publish_all();
        Ok(())
    }

    fn put_max_radius(&mut self, value: Value) -> Result<(), String> {
        let w = self.running()?;
        let radius = value.as_f64().ok_or_else(|| format!("maxRadius must be a number, not {value}"))?;
        set_radius(w, radius)?;
        self.publish_all();
        Ok(())
    }

    fn put_state(&mut self, value: Value) -> Result<(), String> {
        let w = self.running()?;
        match value.as_str() {
            Some("off") => w.on = false,
            Some("on") if w.switch_on() => {}
            Some("on") => return Err("no anchor position, and the boat's position is not known".into()),
            _ => return Err(format!("state must be \"on\" or \"off\", not {value}")),
        }
        self.publish_all();
        Ok(())
    }

    fn drop_anchor(&mut self, body: &Value) -> Result<Value, String> {
        let w = self.running()?;
        let at = position_from(json!({"latitude": body["latitude"], "longitude": body["longitude"]}))?;
        if let Some(r) = body.get("maxRadius") {
            let radius = r.as_f64().ok_or_else(|| format!("maxRadius must be a number, not {r}"))?;
            set_radius(w, radius)?;
        }
        w.drop_at(at);
        let answer = json!({"success": true, "position": at, "maxRadius": w.max_radius});
        self.publish_all();
        Ok(answer)
    }

    fn status(&self) -> Value {
        let Some(w) = self.watch.as_ref() else { return json!({"running": false}) };
        json!({
            "running": true,
            "state": if w.on { "on" } else { "off" },
            "alarm": w.level.state(),
            "position": w.anchor,
            "maxRadius": w.max_radius,
            "warnRadius": w.warn_radius,
            "currentRadius": w.distance().filter(|_| w.on),
        })
    }

    fn running(&mut self) -> Result<&mut Watch, String> {
        self.watch.as_mut().ok_or_else(|| "anchor watch is not running".to_owned())
    }
}

#[derive(Deserialize)]
struct Delta {
    context: Option<String>,
    #[serde(default)]
    updates: Vec<Update>,
}

#[derive(Deserialize)]
struct Update {
    #[serde(rename = "$source")]
    source: Option<String>,
    #[serde(default)]
    values: Vec<PathValue>,
}

#[derive(Deserialize)]
struct PathValue {
    path: String,
    value: Value,
}

/// The server names a plugin's data after its package, and tells the plugin that name.
fn own_source() -> Option<String> {
    std::env::var("PLUGIN_ID").ok()
}

fn set_radius(w: &mut Watch, radius: f64) -> Result<(), String> {
    watch::check_radius("maxRadius", radius)?;
    w.max_radius = radius;
    // A warning outside the alarm circle would never come.
    w.warn_radius = w.warn_radius.filter(|r| *r < radius);
    Ok(())
}

fn position_from(value: Value) -> Result<Position, String> {
    match serde_json::from_value::<Position>(value) {
        Ok(p) if p.is_on_earth() => Ok(p),
        Ok(_) => Err("latitude must be within 90 and longitude within 180 degrees".into()),
        Err(_) => Err("position must have the numbers latitude and longitude".into()),
    }
}

fn notification(level: Level, message: &str) -> Value {
    let method: &[&str] = match level {
        Level::Normal => &[],
        Level::Warn => &["visual"],
        Level::Emergency => &["visual", "sound"],
    };
    json!({"state": level.state(), "method": method, "message": message})
}

fn publish(values: &[(&str, Value)]) {
    // Written by hand: readers may rely on "path" before "value", and json! sorts its keys.
    let entries: Vec<String> = values.iter().map(|(path, value)| format!(r#"{{"path":"{path}","value":{value}}}"#)).collect();
    host::handle_message(&format!(r#"{{"updates":[{{"values":[{}]}}]}}"#, entries.join(",")));
}

fn put_answer(result: Result<(), String>) -> String {
    match result {
        Ok(()) => json!({"state": "COMPLETED", "statusCode": 200}),
        Err(why) => json!({"state": "COMPLETED", "statusCode": 400, "message": why}),
    }
    .to_string()
}

fn http_answer(status: u16, body: Value) -> String {
    json!({"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": body}).to_string()
}

fn with<R>(f: impl FnOnce(&mut Plugin) -> R) -> R {
    PLUGIN.with(|p| f(&mut p.borrow_mut()))
}

/// Some servers deliver a delta while this plugin is still inside the call that published it. Such an echo waits here.
fn receive_delta(text: String) {
    const WAITING_MAX: usize = 16;
    thread_local! {
        static WAITING: RefCell<Vec<String>> = RefCell::default();
    }
    PLUGIN.with(|p| match p.try_borrow_mut() {
        Ok(mut plugin) => {
            for early in WAITING.with(|w| std::mem::take(&mut *w.borrow_mut())) {
                plugin.on_delta(&early);
            }
            plugin.on_delta(&text);
        }
        Err(_) => WAITING.with(|w| {
            let mut waiting = w.borrow_mut();
            if waiting.len() < WAITING_MAX {
                waiting.push(text);
            }
        }),
    })
}

fn run_put(text: &str, handler: fn(&mut Plugin, Value) -> Result<(), String>) -> String {
    let value = serde_json::from_str(text).map_err(|e| format!("value is not JSON: {e}"));
    put_answer(value.and_then(|v| with(|p| handler(p, v))))
}

fn get_status(_request: &str) -> String {
    http_answer(200, with(|p| p.status()))
}

fn get_position(_request: &str) -> String {
    match with(|p| p.watch.as_ref().and_then(|w| w.anchor)) {
        Some(p) => http_answer(200, json!(p)),
        None => http_answer(404, json!({"error": "the anchor is up"})),
    }
}

fn post_drop(request: &str) -> String {
    let body = serde_json::from_str::<Value>(request).map(|r| r["body"].clone()).unwrap_or(Value::Null);
    match with(|p| p.drop_anchor(&body)) {
        Ok(answer) => http_answer(200, answer),
        Err(why) => http_answer(400, json!({"success": false, "error": why})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::recorder::{Record, RECORD};

    fn recorded<R>(f: impl FnOnce(&mut Record) -> R) -> R {
        RECORD.with(|r| f(&mut r.borrow_mut()))
    }

    fn last(path: &str) -> Option<Value> {
        recorded(|r| {
            let entries = r.deltas.iter().flat_map(|d| d["updates"][0]["values"].as_array().unwrap());
            entries.filter(|e| e["path"] == path).last().map(|e| e["value"].clone())
        })
    }

    fn start(config: &str) -> i32 {
        recorded(|r| *r = Record::default());
        with(|p| p.start(config))
    }

    #[test]
    fn bad_config_names_the_field() {
        assert_eq!(start(r#"{"maxRadius":"x"}"#), 1);
        recorded(|r| assert!(r.errors[0].contains("maxRadius"), "{:?}", r.errors));
    }

    #[test]
    fn start_publishes_and_stop_says_off() {
        assert_eq!(start(r#"{"anchorLat":60.1,"anchorLon":24.9}"#), 0);
        assert_eq!(last(PATH_STATE), Some(json!("on")));
        assert_eq!(last(PATH_POSITION), Some(json!({"latitude": 60.1, "longitude": 24.9})));
        recorded(|r| assert_eq!(r.put_paths.len(), 3));
        with(|p| p.stop());
        assert_eq!(last(PATH_STATE), Some(json!("off")));
    }

    #[test]
    fn put_answers() {
        start("{}");
        let put = |text, handler| serde_json::from_str::<Value>(&run_put(text, handler)).unwrap()["statusCode"].clone();
        assert_eq!(put("75", Plugin::put_max_radius), 200);
        assert_eq!(last(PATH_MAX_RADIUS), Some(json!(75.0)));
        for bad in ["5", "5001", "\"x\"", "null", "{"] {
            assert_eq!(put(bad, Plugin::put_max_radius), 400, "{bad}");
        }
        assert_eq!(put("\"on\"", Plugin::put_state), 400);
        assert_eq!(put(r#"{"latitude":1,"longitude":2}"#, Plugin::put_position), 200);
        assert_eq!(last(PATH_STATE), Some(json!("on")));
        assert_eq!(put("\"off\"", Plugin::put_state), 200);
        assert_eq!(put("\"up\"", Plugin::put_state), 400);
        assert_eq!(put("null", Plugin::put_position), 200);
        assert_eq!(last(PATH_POSITION), Some(Value::Null));
    }

    #[test]
    fn alarm_from_the_polled_position() {
        start(r#"{"anchorLat":60.1,"anchorLon":24.9}"#);
        recorded(|r| r.position = Some(r#"{"latitude":60.101,"longitude":24.9}"#.into()));
        with(|p| p.poll());
        let alarm = last(PATH_ALARM).unwrap();
        assert_eq!(alarm["state"], "emergency");
        assert!(alarm["message"].as_str().unwrap().contains("111 m"), "{alarm}");
        recorded(|r| r.position = Some(r#"{"latitude":60.1,"longitude":24.9}"#.into()));
        with(|p| p.poll());
        assert_eq!(last(PATH_ALARM).unwrap()["state"], "normal");
    }

    #[test]
    fn drop_by_http() {
        start("{}");
        let ask = |body: &str| serde_json::from_str::<Value>(&post_drop(&format!(r#"{{"body":{body}}}"#))).unwrap();
        assert_eq!(ask(r#"{"latitude":1,"longitude":2}"#)["body"]["success"], true);
        assert_eq!(ask(r#"{"latitude":1,"longitude":2,"maxRadius":80}"#)["body"]["maxRadius"], 80.0);
        assert_eq!(ask(r#"{"latitude":"1"}"#)["statusCode"], 400);
        assert_eq!(ask(r#"{"latitude":1,"longitude":2,"maxRadius":1}"#)["statusCode"], 400);
        assert_eq!(with(|p| p.status())["currentRadius"], Value::Null);
    }

    #[test]
    fn position_from_deltas_once_the_context_is_known() {
        start(r#"{"anchorLat":60.1,"anchorLon":24.9}"#);
        std::env::set_var("PLUGIN_ID", "pkg");
        let far = |context| {
            format!(
                r#"{{"context":"{context}","updates":[{{"values":[{{"path":"navigation.position","value":{{"latitude":61,"longitude":24}}}}]}}]}}"#
            )
        };
        with(|p| p.on_delta(&far("vessels.me")));
        assert_eq!(last(PATH_ALARM), None, "not yet known who is who");
        let echo = r#"{"updates":[{"values":[{"path":"navigation.anchor.state","value":"on"}],"$source":"pkg"}],"context":"vessels.me"}"#;
        with(|p| p.on_delta(echo));
        with(|p| p.on_delta(&far("vessels.other")));
        assert_eq!(last(PATH_ALARM), None, "another vessel");
        with(|p| p.on_delta(&far("vessels.me")));
        assert_eq!(last(PATH_ALARM).unwrap()["state"], "emergency");
    }
}
