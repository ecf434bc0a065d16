//! {{title}}: the boat's own thermometer and barometer as a weather station.

use serde::Deserialize;
use signalk_plugin::{json, plugin, self_path, set_status, Plugin, Result, Value, Weather, WeatherRequest};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    low_pressure: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { low_pressure: 100_000.0 }
    }
}

/// A node of the own vessel's tree.
#[derive(Deserialize)]
struct Reading {
    value: f64,
    timestamp: String,
}

#[derive(Default)]
struct Station {
    low_pressure: f64,
}

impl Plugin for Station {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{
        "type": "object",
        "properties": {
            "lowPressure": {"type": "number", "title": "Warn when the pressure is below (Pa)", "default": 100000}
        }
    }"#;
    type Config = Config;

    fn start(&mut self, config: Config) -> Result {
        self.low_pressure = config.low_pressure;
        set_status("Observing");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Weather for Station {
    /// One observation, here and now: this boat measures nowhere else.
    fn observations(&mut self, _request: &WeatherRequest) -> Result<Vec<Value>> {
        let temperature = self_path::<Reading>("environment.outside.temperature");
        let pressure = self_path::<Reading>("environment.outside.pressure");
        let Some(newest) = pressure.as_ref().or(temperature.as_ref()) else { return Ok(vec![]) };
        let mut outside = json!({});
        if let Some(reading) = &temperature {
            outside["temperature"] = json!(reading.value);
        }
        if let Some(reading) = &pressure {
            outside["pressure"] = json!(reading.value);
        }
        Ok(vec![json!({"date": newest.timestamp, "type": "observation", "outside": outside})])
    }

    fn warnings(&mut self, _request: &WeatherRequest) -> Result<Vec<Value>> {
        let low = self_path::<Reading>("environment.outside.pressure").filter(|p| p.value < self.low_pressure);
        Ok(low.into_iter().map(|p| self.warning(&p)).collect())
    }
}

impl Station {
    fn warning(&self, pressure: &Reading) -> Value {
        json!({
            "startTime": pressure.timestamp,
            "endTime": pressure.timestamp,
            "details": format!("Pressure {} Pa is below {} Pa", pressure.value, self.low_pressure),
            "source": Self::NAME,
            "type": "Warning"
        })
    }
}

plugin! { Station;
    weather "{{title}}";
}

#[cfg(test)]
mod tests {
    use super::*;
    use signalk_plugin::mock;

    fn station(pressure: f64) -> Station {
        mock::set_self("environment.outside.pressure", json!({"value": pressure, "timestamp": "2026-01-01T00:00:00.000Z"}));
        let mut station = Station::default();
        station.start(Config::default()).unwrap();
        station
    }

    #[test]
    fn it_observes() {
        let observed = station(101_325.0).observations(&WeatherRequest::default()).unwrap();
        assert_eq!(observed[0]["outside"], json!({"pressure": 101_325.0}));
    }

    #[test]
    fn it_warns_of_low_pressure_only() {
        assert_eq!(station(101_325.0).warnings(&WeatherRequest::default()).unwrap().len(), 0);
        assert_eq!(station(98_000.0).warnings(&WeatherRequest::default()).unwrap().len(), 1);
    }
}
