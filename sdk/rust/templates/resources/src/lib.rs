//! {{title}}: buoys as resources, kept as long as the plugin runs.

use serde::Deserialize;
use signalk_plugin::{json, plugin, set_status, Error, Object, Plugin, Resources, Result, Value};
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Config {}

#[derive(Default)]
struct Buoys {
    all: BTreeMap<String, Value>,
}

impl Plugin for Buoys {
    const ID: &'static str = "{{name}}";
    const NAME: &'static str = "{{title}}";
    const SCHEMA: &'static str = r#"{"type": "object", "properties": {}}"#;
    type Config = Config;

    fn start(&mut self, _config: Config) -> Result {
        let first = json!({"name": "Harbour entrance", "position": {"latitude": 60.1, "longitude": 24.9}});
        self.all.insert("harbour".into(), first);
        set_status("Keeping buoys");
        Ok(())
    }

    fn stop(&mut self) -> Result {
        set_status("Stopped");
        Ok(())
    }
}

impl Resources for Buoys {
    fn list(&mut self, _kind: &str, _query: &Object) -> Result<Object> {
        Ok(self.all.clone().into_iter().collect())
    }

    fn get(&mut self, _kind: &str, id: &str, property: Option<&str>) -> Result<Option<Value>> {
        let whole = self.all.get(id);
        let part = |buoy: &Value| match property {
            Some(path) => buoy.pointer(&format!("/{}", path.replace('.', "/"))).cloned(),
            None => Some(buoy.clone()),
        };
        Ok(whole.and_then(part))
    }

    fn set(&mut self, _kind: &str, id: &str, value: Value) -> Result {
        if !value["name"].is_string() {
            return Err(Error::from("a buoy needs a name"));
        }
        self.all.insert(id.into(), value);
        Ok(())
    }

    fn delete(&mut self, _kind: &str, id: &str) -> Result {
        self.all.remove(id).map(|_| ()).ok_or_else(|| format!("there is no buoy {id}").into())
    }
}

plugin! { Buoys;
    resources { "buoys" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_buoys() {
        let mut buoys = Buoys::default();
        buoys.start(Config {}).unwrap();
        buoys.set("buoys", "north", json!({"name": "North"})).unwrap();
        assert_eq!(buoys.list("buoys", &Object::new()).unwrap().len(), 2);
        assert_eq!(buoys.get("buoys", "harbour", Some("position.latitude")).unwrap(), Some(json!(60.1)));
        buoys.delete("buoys", "north").unwrap();
        assert_eq!(buoys.get("buoys", "north", None).unwrap(), None);
    }

    #[test]
    fn a_buoy_has_a_name() {
        assert!(Buoys::default().set("buoys", "x", json!({})).is_err());
    }
}
