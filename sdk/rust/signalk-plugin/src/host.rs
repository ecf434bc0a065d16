//! The server's functions. None of them can crash the plugin: each says how it fails.

use crate::{sys, Delta, Error, Notification, Result, Value};
use serde::{de::DeserializeOwned, Serialize};

/// Sizes that are tried one after the other for what the server writes: it says 0 both for "not there" and for "does not fit".
const ROOM: [usize; 2] = [4 * 1024, 256 * 1024];

/// One line in the server's log, seen with `DEBUG=signalk:wasm:*`. There are no levels: put one into the text if you want it.
pub fn debug(text: &str) {
    sys::debug(text)
}

/// The state that users see beside the plugin. Empty text removes it.
pub fn set_status(text: &str) {
    sys::set_status(text)
}

/// The same, shown as an error. It does not stop the plugin.
pub fn set_error(text: &str) {
    sys::set_error(text)
}

fn json(value: impl Serialize) -> Option<String> {
    serde_json::to_string(&value).map_err(|e| debug(&format!("[ERROR] this cannot be written as JSON: {e}"))).ok()
}

impl Delta {
    /// Publishes it. One without updates is not sent.
    pub fn send(&self) {
        if let Some(text) = json(self).filter(|_| !self.updates.is_empty()) {
            sys::handle_message(&text, 1)
        }
    }

    /// As data of Signal K version 2 (course and the like), which stays out of the tree of version 1.
    pub fn send_v2(&self) {
        if let Some(text) = json(self).filter(|_| !self.updates.is_empty()) {
            sys::handle_message(&text, 2)
        }
    }
}

/// One value of the own vessel.
pub fn publish(path: &str, value: impl Serialize) {
    Delta::new().with(path, value).send()
}

/// `path` begins with `notifications.`
pub fn notify(path: &str, notification: &Notification) -> Result {
    let text = serde_json::to_string(notification)?;
    granted(sys::publish_notification(path, &text) == 0, || format!("the notification {path} was refused"))
}

fn read(get: impl Fn(&mut [u8]) -> i32) -> Option<String> {
    ROOM.iter().find_map(|room| {
        let mut bytes = vec![0; *room];
        let n = usize::try_from(get(&mut bytes)).ok().filter(|n| (1..=*room).contains(n))?;
        bytes.truncate(n);
        String::from_utf8(bytes).ok()
    })
}

/// The node at a path of the own vessel: `navigation.position` is an object with `value`, `timestamp`, `$source`;
/// `navigation.position.value` the bare value. `None`: not there, or not of this type. (The Node server always says so.)
pub fn self_path<T: DeserializeOwned>(path: &str) -> Option<T> {
    serde_json::from_str(&read(|out| sys::get_self_path(path, out))?).ok()
}

/// The same from the root of the full model, `vessels.self.…`. Not on every server: a plugin that calls it may fail to load there.
pub fn path<T: DeserializeOwned>(path: &str) -> Option<T> {
    serde_json::from_str(&read(|out| sys::get_path(path, out))?).ok()
}

/// The context under which deltas of the own vessel come. `None` where the server does not tell.
pub fn self_context() -> Option<String> {
    let mmsi = || self_path::<String>("mmsi").map(|mmsi| format!("urn:mrn:imo:mmsi:{mmsi}"));
    mmsi().or_else(|| self_path::<String>("uuid")).map(|id| format!("vessels.{id}"))
}

/// The configuration as it is saved now.
pub fn read_config<T: DeserializeOwned>() -> Result<T> {
    let text = read(sys::read_config).ok_or("the configuration is too large")?;
    Ok(serde_json::from_str(&text)?)
}

/// Replaces the saved configuration. Does not restart the plugin.
pub fn save_config(config: &impl Serialize) -> Result {
    let text = serde_json::to_string(config)?;
    granted(sys::save_config(&text) == 0, || "the server could not save the configuration".into())
}

/// Whether package.json grants it: `network`, `rawSockets`. (skiff answers for the others too.)
pub fn has_capability(name: &str) -> bool {
    sys::has_capability(name)
}

/// One binary message to the clients of the stream `plugins/<package name>/…` or `radars/<radar>`.
pub fn emit_stream(id: &str, bytes: &[u8]) -> bool {
    sys::emit_binary_stream(id, bytes)
}

/// The same for a radar of this plugin. Needs the capability `radarProvider`.
pub fn emit_spokes(radar: &str, bytes: &[u8]) -> bool {
    sys::radar_emit_spokes(radar, bytes)
}

/// `Ok`, or an error that says so.
pub(crate) fn granted(yes: bool, otherwise: impl FnOnce() -> String) -> Result {
    yes.then_some(()).ok_or_else(|| Error::from(otherwise()))
}

/// A delta as the server hands it over. Most are of no interest: ask [`DeltaText::mentions`] before the cost of parsing.
pub struct DeltaText<'a>(pub &'a str);

impl DeltaText<'_> {
    /// Whether a value (or description) of exactly this path is in it.
    pub fn mentions(&self, path: &str) -> bool {
        self.0
            .match_indices(path)
            .any(|(at, _)| self.0[..at].ends_with("\"path\":\"") && self.0[at + path.len()..].starts_with('"'))
    }

    pub fn parse(&self) -> Result<Delta> {
        Ok(serde_json::from_str(self.0)?)
    }

    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_str(self.0)?)
    }
}
