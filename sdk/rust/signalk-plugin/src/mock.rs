//! The server of native tests: it writes down what a plugin says, and answers what the test told it before.
//! Each test thread has one of its own.
//!
//! ```
//! use signalk_plugin::{json, mock, publish, self_path};
//!
//! mock::set_self("navigation.speedOverGround.value", json!(3.5));
//! publish("test.double", self_path::<f64>("navigation.speedOverGround.value").unwrap() * 2.0);
//! assert_eq!(mock::value("test.double"), Some(json!(7.0)));
//! ```

use crate::{Datagram, Delta, Notification, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Default)]
pub struct Mock {
    pub debug: Vec<String>,
    pub statuses: Vec<String>,
    pub errors: Vec<String>,
    pub deltas: Vec<Delta>,
    pub notifications: Vec<(String, Notification)>,
    /// Paths of PUT handlers; types of resources; names of weather and radar providers.
    pub registered: Vec<String>,
    /// Streams and spokes.
    pub frames: Vec<(String, Vec<u8>)>,
    /// What `self_path` finds, by path; `path` with `vessels.self.` in front.
    pub self_values: BTreeMap<String, Value>,
    pub config: Value,
    /// Capabilities that are not granted. All others are.
    pub refused: Vec<String>,
    /// Datagrams to receive, and those that were sent.
    pub udp_in: VecDeque<Datagram>,
    pub udp_out: Vec<Datagram>,
    /// What any TCP stream receives (lines, or bytes), and what was sent.
    pub tcp_in: VecDeque<Vec<u8>>,
    pub tcp_out: Vec<u8>,
    /// Answers to HTTP requests: the head as JSON, and the body. Without one, a request fails.
    pub http_answers: VecDeque<(Value, Vec<u8>)>,
    /// Requests that were made, with their bodies.
    pub http_requests: Vec<(Value, Vec<u8>)>,
    #[cfg(feature = "skiff")]
    http_body: Vec<u8>,
}

thread_local! {
    static MOCK: RefCell<Mock> = RefCell::default();
}

/// Looks at, or changes, the whole of it.
pub fn with<R>(f: impl FnOnce(&mut Mock) -> R) -> R {
    MOCK.with(|m| f(&mut m.borrow_mut()))
}

/// As if nothing had happened.
pub fn reset() {
    with(|m| *m = Mock::default())
}

pub fn set_self(path: &str, value: Value) {
    with(|m| m.self_values.insert(path.into(), value));
}

pub fn refuse(capability: &str) {
    with(|m| m.refused.push(capability.into()))
}

/// The value that was published last for a path.
pub fn value(path: &str) -> Option<Value> {
    with(|m| m.deltas.iter().rev().find_map(|d| d.values().filter(|v| v.path == path).last().map(|v| v.value.clone())))
}

pub fn status() -> Option<String> {
    with(|m| m.statuses.last().cloned())
}

pub fn error() -> Option<String> {
    with(|m| m.errors.last().cloned())
}

/// The functions of a server, as `sys_wasm` has them.
pub(crate) mod sys {
    use super::*;

    fn granted(capability: &str) -> bool {
        with(|m| !m.refused.iter().any(|r| r == capability))
    }

    fn give(bytes: &[u8], out: &mut [u8]) -> i32 {
        if bytes.len() > out.len() {
            return 0;
        }
        out[..bytes.len()].copy_from_slice(bytes);
        bytes.len() as i32
    }

    pub fn debug(text: &str) {
        with(|m| m.debug.push(text.into()))
    }

    pub fn set_status(text: &str) {
        with(|m| m.statuses.push(text.into()))
    }

    pub fn set_error(text: &str) {
        with(|m| m.errors.push(text.into()))
    }

    pub fn handle_message(json: &str, _version: i32) {
        match serde_json::from_str(json) {
            Ok(delta) => with(|m| m.deltas.push(delta)),
            Err(e) => debug(&format!("no delta: {e}")),
        }
    }

    pub fn publish_notification(path: &str, json: &str) -> i32 {
        match serde_json::from_str(json) {
            Ok(notification) => with(|m| m.notifications.push((path.into(), notification))),
            Err(_) => return -1,
        }
        0
    }

    pub fn get_self_path(path: &str, out: &mut [u8]) -> i32 {
        let text = with(|m| m.self_values.get(path).filter(|v| !v.is_null()).map(Value::to_string));
        text.map_or(0, |text| give(text.as_bytes(), out))
    }

    pub fn get_path(path: &str, out: &mut [u8]) -> i32 {
        path.strip_prefix("vessels.self.").map_or(0, |path| get_self_path(path, out))
    }

    pub fn read_config(out: &mut [u8]) -> i32 {
        let text = with(|m| if m.config.is_null() { "{}".into() } else { m.config.to_string() });
        give(text.as_bytes(), out)
    }

    pub fn save_config(json: &str) -> i32 {
        let Ok(config) = serde_json::from_str(json) else { return -1 };
        with(|m| m.config = config);
        0
    }

    pub fn has_capability(name: &str) -> bool {
        granted(name)
    }

    fn register(capability: &str, what: &str) -> bool {
        if granted(capability) {
            with(|m| m.registered.push(what.into()));
        }
        granted(capability)
    }

    pub fn register_put_handler(_context: &str, path: &str) -> bool {
        register("putHandlers", path)
    }

    pub fn register_resource_provider(kind: &str) -> bool {
        register("resourceProvider", kind)
    }

    pub fn register_weather_provider(name: &str) -> bool {
        register("weatherProvider", name)
    }

    pub fn register_radar_provider(name: &str) -> bool {
        register("radarProvider", name)
    }

    pub fn emit_binary_stream(id: &str, bytes: &[u8]) -> bool {
        with(|m| m.frames.push((id.into(), bytes.into())));
        true
    }

    pub fn radar_emit_spokes(radar: &str, bytes: &[u8]) -> bool {
        granted("radarProvider") && emit_binary_stream(&format!("radars/{radar}"), bytes)
    }

    fn socket() -> i32 {
        if granted("rawSockets") {
            1
        } else {
            -1
        }
    }

    fn ok() -> i32 {
        socket().min(0)
    }

    pub fn udp_create(_kind: i32) -> i32 {
        socket()
    }

    pub fn udp_bind(_id: i32, _port: u16) -> i32 {
        ok()
    }

    pub fn udp_join_multicast(_id: i32, _group: &str, _interface: &str) -> i32 {
        ok()
    }

    pub fn udp_leave_multicast(_id: i32, _group: &str, _interface: &str) -> i32 {
        ok()
    }

    pub fn udp_set_multicast_ttl(_id: i32, _ttl: i32) -> i32 {
        ok()
    }

    pub fn udp_set_multicast_loopback(_id: i32, _on: bool) -> i32 {
        ok()
    }

    pub fn udp_set_broadcast(_id: i32, _on: bool) -> i32 {
        ok()
    }

    pub fn udp_send(_id: i32, host: &str, port: u16, bytes: &[u8]) -> i32 {
        with(|m| m.udp_out.push(Datagram { bytes: bytes.into(), address: host.into(), port }));
        bytes.len() as i32
    }

    pub fn udp_recv(_id: i32, out: &mut [u8], address: &mut [u8; 64], port: &mut u16) -> i32 {
        let Some(datagram) = with(|m| m.udp_in.pop_front()) else { return 0 };
        give(datagram.address.as_bytes(), &mut address[..63]);
        *port = datagram.port;
        give(&datagram.bytes, out)
    }

    pub fn udp_close(_id: i32) {}

    pub fn tcp_create() -> i32 {
        socket()
    }

    pub fn tcp_connect(_id: i32, _host: &str, _port: u16) -> i32 {
        ok()
    }

    pub fn tcp_connected(_id: i32) -> i32 {
        socket()
    }

    pub fn tcp_set_line_buffering(_id: i32, _on: bool) -> i32 {
        ok()
    }

    pub fn tcp_send(_id: i32, bytes: &[u8]) -> i32 {
        with(|m| m.tcp_out.extend_from_slice(bytes));
        bytes.len() as i32
    }

    pub fn tcp_recv_line(_id: i32, out: &mut [u8]) -> i32 {
        with(|m| m.tcp_in.pop_front()).map_or(0, |bytes| give(&bytes, out))
    }

    pub fn tcp_recv_raw(id: i32, out: &mut [u8]) -> i32 {
        tcp_recv_line(id, out)
    }

    pub fn tcp_close(_id: i32) {}

    #[cfg(feature = "skiff")]
    pub fn http_request(request: &str, body: &[u8], head: &mut [u8]) -> i32 {
        if !granted("network") {
            return -1;
        }
        let answer = with(|m| {
            m.http_requests.push((serde_json::from_str(request).unwrap_or(Value::Null), body.into()));
            m.http_answers.pop_front()
        });
        let nobody = || (serde_json::json!({"status": 0, "error": "nobody answers in this test"}), vec![]);
        let (told, body) = answer.unwrap_or_else(nobody);
        with(|m| m.http_body = body);
        give(told.to_string().as_bytes(), head)
    }

    #[cfg(feature = "skiff")]
    pub fn http_body(out: &mut [u8]) -> i32 {
        with(|m| {
            let n = m.http_body.len().min(out.len());
            out[..n].copy_from_slice(&m.http_body[..n]);
            m.http_body.drain(..n);
            n as i32
        })
    }
}
