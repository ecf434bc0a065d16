//! Signal K's words as Rust types. Unknown members are ignored when reading, absent ones are left out when writing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// News about one vessel. Readers of deltas rely on `path` standing before `value`; serde keeps the order of these types.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    /// `None` when publishing: the own vessel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(default)]
    pub updates: Vec<Update>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// Leave it out when publishing: then it is the plugin's name.
    #[serde(rename = "$source", default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// RFC 3339, UTC. Left out: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<PathValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meta: Vec<PathValue>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PathValue {
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub value: Value,
}

impl Delta {
    pub fn new() -> Self {
        Self::default()
    }

    /// One more value. What cannot be written as JSON (a map with keys that are no text) becomes null, as does NaN.
    pub fn with(mut self, path: impl Into<String>, value: impl Serialize) -> Self {
        self.add(path, value);
        self
    }

    pub fn add(&mut self, path: impl Into<String>, value: impl Serialize) {
        self.update().values.push(entry(path, value));
    }

    /// Describes a path (`units`, `description`, `zones`, …).
    pub fn with_meta(mut self, path: impl Into<String>, meta: impl Serialize) -> Self {
        self.update().meta.push(entry(path, meta));
        self
    }

    /// All paths with their values, whichever update they stand in.
    pub fn values(&self) -> impl Iterator<Item = &PathValue> {
        self.updates.iter().flat_map(|u| &u.values)
    }

    fn update(&mut self) -> &mut Update {
        if self.updates.is_empty() {
            self.updates.push(Update::default());
        }
        let last = self.updates.len() - 1;
        &mut self.updates[last]
    }
}

fn entry(path: impl Into<String>, value: impl Serialize) -> PathValue {
    PathValue { path: path.into(), value: serde_json::to_value(value).unwrap_or(Value::Null) }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Degrees, north and east positive.
    pub latitude: f64,
    pub longitude: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlarmState {
    Normal,
    Alert,
    Warn,
    Alarm,
    Emergency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlarmMethod {
    Visual,
    Sound,
}

/// What stands below `notifications.…`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub state: AlarmState,
    #[serde(default)]
    pub method: Vec<AlarmMethod>,
    #[serde(default)]
    pub message: String,
}

impl Notification {
    /// Shown, and from `Alarm` on sounded as well.
    pub fn new(state: AlarmState, message: impl Into<String>) -> Self {
        let method = match state {
            AlarmState::Normal => vec![],
            AlarmState::Alert | AlarmState::Warn => vec![AlarmMethod::Visual],
            AlarmState::Alarm | AlarmState::Emergency => vec![AlarmMethod::Visual, AlarmMethod::Sound],
        };
        Self { state, method, message: message.into() }
    }
}

/// The answer to a PUT request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutResult {
    /// `COMPLETED` or `PENDING`
    pub state: String,
    pub status_code: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl PutResult {
    pub fn done() -> Self {
        Self { state: "COMPLETED".into(), status_code: 200, message: None }
    }

    /// 400: the value is wrong; 502: the device refused; 503: it cannot be reached.
    pub fn failed(status_code: u16, message: impl Into<String>) -> Self {
        Self { state: "COMPLETED".into(), status_code, message: Some(message.into()) }
    }

    /// It has begun and goes on after the answer.
    pub fn pending() -> Self {
        Self { state: "PENDING".into(), status_code: 202, message: None }
    }
}
