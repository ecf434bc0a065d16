//! The anchor watch itself: takes events, says what changed. Knows nothing of the server.

use serde::{Deserialize, Serialize};

pub const RADIUS_MIN: f64 = 10.0;
pub const RADIUS_MAX: f64 = 5000.0;
const RADIUS_DEFAULT: f64 = 50.0;
/// The boat must come back this much inside the circle before the alarm ends, or swell at the edge would toggle it.
const RETURN_SHARE: f64 = 0.95;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

impl Position {
    pub fn is_on_earth(&self) -> bool {
        self.latitude.abs() <= 90.0 && self.longitude.abs() <= 180.0
    }

    /// Metres along the great circle.
    pub fn distance_to(&self, other: &Position) -> f64 {
        const EARTH_RADIUS: f64 = 6_371_008.8;
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = ((b - a) / 2.0).sin();
        let half_lon = ((other.longitude - self.longitude).to_radians() / 2.0).sin();
        let h = half_lat * half_lat + a.cos() * b.cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS * h.sqrt().min(1.0).asin()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub anchor_lat: Option<f64>,
    pub anchor_lon: Option<f64>,
    pub max_radius: f64,
    pub warn_radius: Option<f64>,
}

impl Config {
    /// The error names the field that is wrong, as the user sees it in the form.
    pub fn parse(json: &str) -> Result<Config, String> {
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(json).map_err(|e| format!("configuration is not a JSON object: {e}"))?;
        for name in ["anchorLat", "anchorLon", "maxRadius", "warnRadius"] {
            match fields.get(name) {
                Some(v) if !v.is_number() && !v.is_null() => return Err(format!("{name} must be a number, not {v}")),
                _ => {}
            }
        }
        let number = |name: &str| fields.get(name).and_then(|v| v.as_f64());
        let config = Config {
            anchor_lat: number("anchorLat"),
            anchor_lon: number("anchorLon"),
            max_radius: number("maxRadius").unwrap_or(RADIUS_DEFAULT),
            warn_radius: number("warnRadius"),
        };
        check_radius("maxRadius", config.max_radius)?;
        if let Some(warn) = config.warn_radius {
            if !(warn > 0.0 && warn < config.max_radius) {
                return Err("warnRadius must be greater than 0 and smaller than maxRadius".into());
            }
        }
        if config.anchor_lat.is_some() != config.anchor_lon.is_some() {
            return Err("anchorLat and anchorLon must be given together".into());
        }
        if config.anchor().is_some_and(|a| !a.is_on_earth()) {
            return Err("anchorLat must be within 90 and anchorLon within 180 degrees".into());
        }
        Ok(config)
    }

    pub fn anchor(&self) -> Option<Position> {
        Some(Position { latitude: self.anchor_lat?, longitude: self.anchor_lon? })
    }
}

pub fn check_radius(name: &str, radius: f64) -> Result<(), String> {
    if (RADIUS_MIN..=RADIUS_MAX).contains(&radius) {
        Ok(())
    } else {
        Err(format!("{name} must be between {RADIUS_MIN} and {RADIUS_MAX} metres"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    Normal,
    Warn,
    Emergency,
}

impl Level {
    pub fn state(self) -> &'static str {
        match self {
            Level::Normal => "normal",
            Level::Warn => "warn",
            Level::Emergency => "emergency",
        }
    }
}

#[derive(Debug)]
pub struct Watch {
    pub anchor: Option<Position>,
    pub boat: Option<Position>,
    pub max_radius: f64,
    pub warn_radius: Option<f64>,
    pub on: bool,
    pub level: Level,
}

impl Watch {
    pub fn new(config: &Config) -> Watch {
        Watch {
            anchor: config.anchor(),
            boat: None,
            max_radius: config.max_radius,
            warn_radius: config.warn_radius,
            on: config.anchor().is_some(),
            level: Level::Normal,
        }
    }

    pub fn distance(&self) -> Option<f64> {
        Some(self.anchor?.distance_to(&self.boat?))
    }

    pub fn drop_at(&mut self, at: Position) {
        self.anchor = Some(at);
        self.on = true;
    }

    pub fn raise(&mut self) {
        self.anchor = None;
        self.on = false;
    }

    /// "on" means: hold this anchor, or the one just dropped where the boat is. False if it is not known where that is.
    pub fn switch_on(&mut self) -> bool {
        if self.anchor.is_none() {
            self.anchor = self.boat;
        }
        self.on = self.anchor.is_some();
        self.on
    }

    /// Looks again. Some(new level) when it changed.
    pub fn assess(&mut self) -> Option<Level> {
        let level = match self.distance() {
            Some(d) if self.on => self.level_at(d),
            _ => Level::Normal,
        };
        if level == self.level {
            return None;
        }
        self.level = level;
        Some(level)
    }

    fn level_at(&self, distance: f64) -> Level {
        let limit = |radius: f64, held: bool| if held { radius * RETURN_SHARE } else { radius };
        if distance > limit(self.max_radius, self.level == Level::Emergency) {
            return Level::Emergency;
        }
        match self.warn_radius {
            Some(r) if distance > limit(r, self.level != Level::Normal) => Level::Warn,
            _ => Level::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Position = Position { latitude: 60.1, longitude: 24.9 };

    fn north_of(p: Position, metres: f64) -> Position {
        Position { latitude: p.latitude + metres / 111_195.0, ..p }
    }

    fn watch(json: &str) -> Watch {
        Watch::new(&Config::parse(json).unwrap())
    }

    #[test]
    fn distances() {
        assert!(HERE.distance_to(&HERE) < 1e-6);
        let degree = Position { latitude: 0.0, longitude: 0.0 }.distance_to(&Position { latitude: 0.0, longitude: 1.0 });
        assert!((degree - 111_195.0).abs() < 1.0, "{degree}");
        let over_date_line = Position { latitude: 0.0, longitude: 179.9995 };
        let other_side = Position { latitude: 0.0, longitude: -179.9995 };
        assert!((over_date_line.distance_to(&other_side) - 111.2).abs() < 0.1);
        let antipodes = Position { latitude: 90.0, longitude: 0.0 }.distance_to(&Position { latitude: -90.0, longitude: 0.0 });
        assert!((antipodes - 20_015_114.0).abs() < 10.0, "{antipodes}");
    }

    #[test]
    fn config_defaults_and_errors() {
        let c = Config::parse(r#"{"enableDebug":false,"unknown":[1]}"#).unwrap();
        assert_eq!((c.max_radius, c.anchor(), c.warn_radius), (50.0, None, None));
        for (json, field) in [
            (r#"{"maxRadius":"x"}"#, "maxRadius"),
            (r#"{"maxRadius":9}"#, "maxRadius"),
            (r#"{"maxRadius":5001}"#, "maxRadius"),
            (r#"{"anchorLat":true}"#, "anchorLat"),
            (r#"{"anchorLat":1}"#, "anchorLon"),
            (r#"{"anchorLat":91,"anchorLon":0}"#, "anchorLat"),
            (r#"{"warnRadius":60}"#, "warnRadius"),
            ("[]", "configuration"),
        ] {
            let e = Config::parse(json).unwrap_err();
            assert!(e.contains(field), "{json} -> {e}");
        }
    }

    #[test]
    fn drifting_out_and_back() {
        let mut w = watch(r#"{"anchorLat":60.1,"anchorLon":24.9,"maxRadius":50,"warnRadius":40}"#);
        assert_eq!(w.assess(), None);
        w.boat = Some(north_of(HERE, 30.0));
        assert_eq!(w.assess(), None);
        w.boat = Some(north_of(HERE, 45.0));
        assert_eq!(w.assess(), Some(Level::Warn));
        w.boat = Some(north_of(HERE, 60.0));
        assert_eq!(w.assess(), Some(Level::Emergency));
        assert_eq!(w.assess(), None);
        w.boat = Some(north_of(HERE, 49.0));
        assert_eq!(w.assess(), None, "held until well inside");
        w.boat = Some(north_of(HERE, 20.0));
        assert_eq!(w.assess(), Some(Level::Normal));
    }

    #[test]
    fn raising_ends_the_alarm() {
        let mut w = watch(r#"{"anchorLat":60.1,"anchorLon":24.9}"#);
        w.boat = Some(north_of(HERE, 200.0));
        assert_eq!(w.assess(), Some(Level::Emergency));
        w.raise();
        assert_eq!(w.assess(), Some(Level::Normal));
        assert!(w.switch_on());
        assert_eq!(w.anchor, w.boat, "switched on without an anchor: it lies where the boat is");
        assert_eq!(w.assess(), None);
    }

    #[test]
    fn on_needs_a_place() {
        let mut w = watch("{}");
        assert!(!w.switch_on());
        assert!(!w.on);
    }
}
