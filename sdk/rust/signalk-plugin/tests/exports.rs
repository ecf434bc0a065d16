//! A plugin with everything, called as a server calls it: through its exports, with blocks from `allocate`.

use serde_json::Map;
use signalk_plugin::{
    json, mock, plugin, publish, Delta, DeltaText, Error, HttpRequest, HttpResponse, Notification, Plugin, PutResult, Radar,
    Resources, Result, Value, Weather, WeatherRequest,
};
use signalk_plugin_exports as exports;

#[derive(serde::Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    label: String,
    fail: bool,
}

#[derive(Default)]
struct All {
    label: String,
    seen: Vec<String>,
}

impl Plugin for All {
    const ID: &'static str = "all";
    const NAME: &'static str = "All ⚓";
    const SCHEMA: &'static str = r#"{"type":"object"}"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        if config.fail {
            return Err("told to fail".into());
        }
        self.label = config.label;
        signalk_plugin::set_status("Running");
        Ok(())
    }
}

impl All {
    fn poll(&mut self) -> Result {
        publish("test.label", &self.label);
        // What the Node server does: the published delta comes back while this call goes on.
        give(r#"{"updates":[{"values":[{"path":"test.echo","value":1}]}]}"#, |at, n| exports::delta_handler(at, n));
        assert!(self.seen.is_empty(), "the delta has to wait");
        Ok(())
    }

    fn on_delta(&mut self, delta: &DeltaText) {
        if delta.mentions("test.echo") {
            self.seen.extend(delta.parse().unwrap().values().map(|v| v.path.clone()));
            // and what a handler publishes comes back while the handler runs
            give(r#"{"updates":[{"values":[{"path":"test.again","value":1}]}]}"#, |at, n| exports::delta_handler(at, n));
        }
        if delta.mentions("test.again") {
            publish("test.seen", &self.seen);
        }
    }

    fn hello(&mut self, request: &HttpRequest) -> HttpResponse {
        HttpResponse::json(json!({"hello": request.params["name"], "seen": self.seen}))
    }

    fn broken(&mut self, request: &HttpRequest) -> Result<HttpResponse> {
        if request.body["size"].is_null() {
            return Err("nothing works".into());
        }
        Ok(HttpResponse::text("x".repeat(100_000)))
    }

    fn set_level(&mut self, value: Value) -> PutResult {
        match value.as_f64() {
            Some(level) if level <= 1.0 => PutResult::done(),
            _ => PutResult::failed(400, format!("{value} is no ratio")),
        }
    }
}

impl Resources for All {
    fn list(&mut self, kind: &str, query: &Map<String, Value>) -> Result<Map<String, Value>> {
        Ok(Map::from_iter([("a".to_owned(), json!({"kind": kind, "limit": query.get("limit")}))]))
    }

    fn get(&mut self, _kind: &str, id: &str, property: Option<&str>) -> Result<Option<Value>> {
        match id {
            "error" => Err(Error::from("not today")),
            "a" => Ok(Some(json!({"property": property}))),
            _ => Ok(None),
        }
    }

    fn set(&mut self, kind: &str, id: &str, value: Value) -> Result {
        publish(&format!("test.{kind}.{id}"), value);
        Ok(())
    }
}

impl Weather for All {
    fn observations(&mut self, request: &WeatherRequest) -> Result<Vec<Value>> {
        Ok(vec![json!({"latitude": request.position.latitude, "max": request.options.max_count})])
    }

    fn forecasts(&mut self, request: &WeatherRequest) -> Result<Vec<Value>> {
        Err(format!("no {} forecast", request.kind).into())
    }
}

impl Radar for All {
    fn radars(&mut self) -> Vec<String> {
        vec!["r1".into()]
    }

    fn info(&mut self, radar: &str) -> Option<Value> {
        (radar == "r1").then(|| json!({"id": radar}))
    }

    fn capabilities(&mut self, _radar: &str) -> Option<Value> {
        Some(json!({}))
    }

    fn state(&mut self, _radar: &str) -> Option<Value> {
        None
    }

    fn control(&mut self, _radar: &str, control: &str) -> Option<Value> {
        (control == "gain").then(|| json!({"auto": true, "value": 50}))
    }

    fn set_control(&mut self, _radar: &str, control: &str, value: Value) -> Result {
        if control == "locked" {
            return Err("it is locked".into());
        }
        publish(&format!("test.radar.{control}"), value);
        Ok(())
    }
}

plugin! { All;
    poll;
    deltas;
    http {
        GET "/api/hello/:name" => hello;
        POST "/api/broken" => broken;
    }
    put { tanks.fuel.0.level => set_level; }
    resources { "buoys" "marks" }
    weather "All's weather";
    radar "All's radars";
}

/// Lends a text to the plugin, as a server does.
fn give<R>(text: &str, call: impl FnOnce(*const u8, usize) -> R) -> R {
    let block = exports::allocate(text.len());
    unsafe { block.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    let result = call(block, text.len());
    unsafe { signalk_plugin::abi::deallocate(block, text.len()) };
    result
}

fn take(max: usize, call: impl FnOnce(*mut u8, usize) -> i32) -> String {
    let block = exports::allocate(max);
    let n = call(block, max) as usize;
    let text = String::from_utf8(unsafe { std::slice::from_raw_parts(block, n) }.to_vec()).unwrap();
    unsafe { signalk_plugin::abi::deallocate(block, max) };
    text
}

fn start(config: &str) -> i32 {
    mock::reset();
    give(config, |at, n| exports::plugin_start(at, n))
}

thread_local! {
    static SLOT: signalk_plugin::abi::Slot<All> = Default::default();
}

/// The handlers whose exports have names only in WebAssembly: through the functions that those call.
fn ask(
    request: Value,
    f: impl FnOnce(&signalk_plugin::abi::Slot<All>, signalk_plugin::abi::In, signalk_plugin::abi::Out) -> i32,
) -> Value {
    let text = take(65536, |at, max| {
        give(&request.to_string(), |from, n| {
            SLOT.with(|s| f(s, signalk_plugin::abi::In { at: from, n }, signalk_plugin::abi::Out { at, max }))
        })
    });
    serde_json::from_str(&text).unwrap()
}

#[test]
fn it_says_who_it_is() {
    assert_eq!(take(8192, |at, max| exports::plugin_id(at, max)), "all");
    assert_eq!(take(8192, |at, max| exports::plugin_name(at, max)), "All ⚓");
    assert_eq!(take(8, |at, max| exports::plugin_schema(at, max)), r#"{"type":"#);
    let endpoints: Value = serde_json::from_str(&take(8192, |at, max| exports::http_endpoints(at, max))).unwrap();
    assert_eq!(endpoints[0], json!({"method": "GET", "path": "/api/hello/:name", "handler": "http_hello"}));
    assert_eq!(endpoints.as_array().unwrap().len(), 2);
}

#[test]
fn a_start_registers_what_the_plugin_answers() {
    assert_eq!(start(r#"{"label":"x","enableDebug":false}"#), 0);
    assert_eq!(mock::status().as_deref(), Some("Running"));
    assert_eq!(mock::with(|m| m.registered.clone()), ["tanks.fuel.0.level", "buoys", "marks", "All's weather", "All's radars"]);
}

#[test]
fn what_fails_in_a_start_is_told() {
    assert_eq!(start(r#"{"fail":true}"#), 1);
    assert_eq!(mock::error().as_deref(), Some("told to fail"));
    assert!(mock::with(|m| m.registered.is_empty()));
    assert_eq!(start(r#"{"label":7}"#), 1);
    assert!(mock::error().unwrap().starts_with("The configuration cannot be used: invalid type"));
    assert_eq!(start("no JSON"), 1);
    mock::reset();
    mock::refuse("putHandlers");
    assert_eq!(give("{}", |at, n| exports::plugin_start(at, n)), 1);
    assert!(mock::error().unwrap().contains("\"putHandlers\": true"));
}

#[test]
fn a_delta_that_comes_during_a_call_waits_for_its_end() {
    assert_eq!(start(r#"{"label":"x"}"#), 0);
    assert_eq!(exports::poll(), 0, "{:?}", mock::error());
    assert_eq!(mock::value("test.label"), Some(json!("x")));
    assert_eq!(mock::value("test.seen"), Some(json!(["test.echo"])));
    give(r#"{"updates":[{"values":[{"path":"test.other","value":1}]}]}"#, |at, n| exports::delta_handler(at, n));
    assert_eq!(exports::plugin_stop(), 0);
}

#[test]
fn endpoints_answer_and_say_what_is_wrong() {
    let hello = ask(json!({"method": "GET", "path": "/", "params": {"name": "Anna"}}), |s, i, o| s.http(i, o, |p, r| p.hello(r)));
    assert_eq!((&hello["statusCode"], &hello["body"]["hello"]), (&json!(200), &json!("Anna")));
    let broken = ask(json!({"body": {}}), |s, i, o| s.http(i, o, |p, r| p.broken(r)));
    assert_eq!((&broken["statusCode"], &broken["body"]["error"]), (&json!(500), &json!("nothing works")));
    let long = ask(json!({"body": {"size": 1}}), |s, i, o| s.http(i, o, |p, r| p.broken(r)));
    assert_eq!(long["statusCode"], 500);
    assert!(long["body"]["error"].as_str().unwrap().contains("the server takes 65536"));
}

#[test]
fn puts_and_their_answers() {
    assert_eq!(ask(json!(0.5), |s, i, o| s.put(i, o, |p, v| p.set_level(v))), json!({"state": "COMPLETED", "statusCode": 200}));
    let refused = ask(json!("full"), |s, i, o| s.put(i, o, |p, v| p.set_level(v)));
    assert_eq!(refused, json!({"state": "COMPLETED", "statusCode": 400, "message": "\"full\" is no ratio"}));
}

#[test]
fn resources_weather_and_radars() {
    mock::reset();
    let listed = ask(json!({"limit": "3", "resourceType": "buoys"}), |s, i, o| s.resources_list(i, o));
    assert_eq!(listed, json!({"a": {"kind": "buoys", "limit": "3"}}));
    let one = ask(json!({"id": "a", "property": "x.y", "resourceType": "buoys"}), |s, i, o| s.resources_get(i, o));
    assert_eq!(one, json!({"property": "x.y"}));
    assert_eq!(ask(json!({"id": "b", "resourceType": "buoys"}), |s, i, o| s.resources_get(i, o)), json!(null));
    assert_eq!(ask(json!({"id": "error"}), |s, i, o| s.resources_get(i, o)), json!({"error": "not today"}));
    ask(json!({"id": "n", "value": {"v": 1}, "resourceType": "marks"}), |s, i, o| s.resources_set(i, o));
    assert_eq!(mock::value("test.marks.n"), Some(json!({"v": 1})));
    let no = ask(json!({"id": "n", "resourceType": "marks"}), |s, i, o| s.resources_delete(i, o));
    assert_eq!(no, json!({"error": "marks cannot be deleted"}));

    let at = json!({"position": {"latitude": 60.0, "longitude": 20.0}, "options": {"maxCount": 2}});
    assert_eq!(ask(at.clone(), |s, i, o| s.weather(i, o, All::observations)), json!([{"latitude": 60.0, "max": 2}]));
    assert_eq!(ask(at, |s, i, o| s.weather(i, o, All::forecasts)), json!([]));
    assert_eq!(mock::with(|m| m.debug.clone()), ["[ERROR] weather: no  forecast"]);

    assert_eq!(take(65536, |at, max| exports::radar_get_radars(at, max)), r#"["r1"]"#);
    assert_eq!(ask(json!({"radarId": "r2"}), |s, i, o| s.radar_get(i, o, All::info)), json!(null));
    let set =
        |control: &str| ask(json!({"radarId": "r1", "controlId": control, "value": 7}), |s, i, o| s.radar_set_control(i, o));
    assert_eq!(set("gain"), json!({"success": true}));
    assert_eq!(set("locked"), json!({"success": false, "error": "it is locked"}));
    assert_eq!(ask(json!({"radarId": "r1", "state": "transmit"}), |s, i, o| s.radar_set_named(i, o, Some("power"))), json!(true));
    assert_eq!(mock::value("test.radar.power"), Some(json!("transmit")));
    assert_eq!(
        ask(json!({"radarId": "r1", "controls": {"sea": 1, "locked": 2}}), |s, i, o| s.radar_set_named(i, o, None)),
        json!(false)
    );
    let target = ask(json!({"radarId": "r1", "bearing": 1, "distance": 2}), |s, i, o| s.radar_acquire(i, o));
    assert_eq!(target, json!({"success": false, "error": "r1 follows no targets"}));
}

#[test]
fn memory_is_lent_and_given_back() {
    for size in [0, 1, 8191, 65536] {
        let block = exports::allocate(size);
        assert!(!block.is_null());
        exports::deallocate(block, size);
    }
    assert!(exports::allocate(usize::MAX).is_null());
    exports::deallocate(std::ptr::null_mut(), 5);
}

#[test]
fn words_of_signal_k() {
    let delta = Delta::new().with("a.b", 1).with_meta("a.b", json!({"units": "m"}));
    let text = r#"{"updates":[{"values":[{"path":"a.b","value":1}],"meta":[{"path":"a.b","value":{"units":"m"}}]}]}"#;
    assert_eq!(serde_json::to_string(&delta).unwrap(), text);
    assert!(DeltaText(text).mentions("a.b") && !DeltaText(text).mentions("a") && !DeltaText(text).mentions("b"));
    mock::reset();
    Delta::new().send();
    signalk_plugin::notify("notifications.mob", &Notification::new(signalk_plugin::AlarmState::Alarm, "Man overboard")).unwrap();
    assert!(mock::with(|m| m.deltas.is_empty()));
    let (path, told) = mock::with(|m| m.notifications.remove(0));
    assert_eq!((path.as_str(), told.method.len()), ("notifications.mob", 2));
    assert_eq!(signalk_plugin::self_context(), None);
    mock::set_self("mmsi", json!("230099999"));
    assert_eq!(signalk_plugin::self_context().as_deref(), Some("vessels.urn:mrn:imo:mmsi:230099999"));
    signalk_plugin::save_config(&json!({"a": 1})).unwrap();
    assert_eq!(signalk_plugin::read_config::<Value>().unwrap(), json!({"a": 1}));
}
