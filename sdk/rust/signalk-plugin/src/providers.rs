//! Providers: the plugin answers for resources, weather or radars.

use crate::{Error, Position, Result, Value};
use serde::Deserialize;
use serde_json::Map;

/// Resources of the types named in `plugin!`. An error is told to the client that asked.
pub trait Resources {
    /// An object: id → resource. `query` is what the client wants to narrow it by.
    fn list(&mut self, kind: &str, query: &Map<String, Value>) -> Result<Map<String, Value>>;
    /// `property`: only that part of it, such as `a.b`. `None`: there is none.
    fn get(&mut self, kind: &str, id: &str, property: Option<&str>) -> Result<Option<Value>>;

    fn set(&mut self, kind: &str, id: &str, value: Value) -> Result {
        let _ = (id, value);
        Err(Error::from(format!("{kind} cannot be written")))
    }

    fn delete(&mut self, kind: &str, id: &str) -> Result {
        let _ = id;
        Err(Error::from(format!("{kind} cannot be deleted")))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WeatherRequest {
    pub position: Position,
    /// Of a forecast: `daily` or `point`
    #[serde(rename = "type")]
    pub kind: String,
    pub options: WeatherOptions,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WeatherOptions {
    pub max_count: Option<usize>,
    pub start_date: Option<String>,
    pub custom: Value,
}

/// Each list holds objects in the form of Signal K's weather interface.
pub trait Weather {
    fn observations(&mut self, request: &WeatherRequest) -> Result<Vec<Value>>;

    fn forecasts(&mut self, request: &WeatherRequest) -> Result<Vec<Value>> {
        let _ = request;
        Ok(vec![])
    }

    fn warnings(&mut self, request: &WeatherRequest) -> Result<Vec<Value>> {
        let _ = request;
        Ok(vec![])
    }
}

/// Radars by id. `None`: there is no such radar or control.
pub trait Radar {
    fn radars(&mut self) -> Vec<String>;
    fn info(&mut self, radar: &str) -> Option<Value>;
    fn capabilities(&mut self, radar: &str) -> Option<Value>;
    fn state(&mut self, radar: &str) -> Option<Value>;
    fn control(&mut self, radar: &str, control: &str) -> Option<Value>;
    /// Power, range, gain, sea and rain arrive here too.
    fn set_control(&mut self, radar: &str, control: &str, value: Value) -> Result;

    fn targets(&mut self, radar: &str) -> Option<Value> {
        let _ = radar;
        None
    }

    /// The target's number. Bearing in radians, distance in metres.
    fn acquire_target(&mut self, radar: &str, bearing: f64, distance: f64) -> Result<i64> {
        let _ = (bearing, distance);
        Err(Error::from(format!("{radar} follows no targets")))
    }

    fn cancel_target(&mut self, radar: &str, target: i64) -> bool {
        let _ = (radar, target);
        false
    }

    fn arpa_settings(&mut self, radar: &str) -> Option<Value> {
        let _ = radar;
        None
    }

    fn set_arpa_settings(&mut self, radar: &str, settings: Value) -> Result {
        let _ = settings;
        Err(Error::from(format!("{radar} follows no targets")))
    }
}
