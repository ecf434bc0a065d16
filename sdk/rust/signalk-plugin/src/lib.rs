//! Signal K server plugins in Rust, compiled to WebAssembly (`wasm32-wasip1`).
//!
//! A plugin is a type with [`Plugin`] implemented, and one call of [`plugin!`] that says what else it can do:
//!
//! ```
//! use signalk_plugin::{plugin, set_status, Delta, Plugin, PutResult, Result, Value};
//!
//! #[derive(Default, serde::Deserialize)]
//! #[serde(rename_all = "camelCase", default)]
//! struct Config {
//!     greeting: String,
//! }
//!
//! #[derive(Default)]
//! struct Cabin {
//!     greeting: String,
//! }
//!
//! impl Plugin for Cabin {
//!     const ID: &'static str = "cabin";
//!     const NAME: &'static str = "Cabin";
//!     const SCHEMA: &'static str = r#"{"type":"object","properties":{"greeting":{"type":"string"}}}"#;
//!     type Config = Config;
//!
//!     fn start(&mut self, config: Config) -> Result {
//!         self.greeting = config.greeting;
//!         set_status("Running");
//!         Ok(())
//!     }
//! }
//!
//! impl Cabin {
//!     fn poll(&mut self) -> Result {
//!         Delta::new().with("environment.inside.temperature", 294.15).send();
//!         Ok(())
//!     }
//!
//!     fn switch_light(&mut self, value: Value) -> PutResult {
//!         PutResult::failed(501, format!("no lamp to set to {value}"))
//!     }
//! }
//!
//! plugin! { Cabin;
//!     poll;
//!     put { electrical.switches.cabinLight.state => switch_light; }
//! }
//! # fn main() {}
//! ```
//!
//! Units are SI: metres, metres per second, radians, kelvin, pascal, ratios from 0 to 1.
//!
//! **One thread.** The server never calls a plugin while another call of it goes on. The one exception, on the Node server: what
//! a plugin publishes can come back to its delta handler at once. Such deltas wait here until the first call is over.
//!
//! **Failure.** `Err` from `start` keeps the plugin stopped, from `poll` is only told; both are shown to the user. A panic tells its
//! message and place the same way, and ends the plugin; the server starts a fresh one.
//!
//! **Tests.** Built for your own machine, all server functions go to [`mock`], so a plugin's methods are tested with `cargo test`.

pub mod abi;
mod host;
mod http;
mod macros;
#[cfg(not(target_arch = "wasm32"))]
pub mod mock;
mod providers;
#[cfg(feature = "skiff")]
pub mod skiff;
mod sockets;
#[cfg(target_arch = "wasm32")]
mod sys_wasm;
mod types;

#[cfg(not(target_arch = "wasm32"))]
use mock::sys;
#[cfg(target_arch = "wasm32")]
use sys_wasm as sys;

pub use host::*;
pub use http::{Answer, HttpRequest, HttpResponse};
pub use providers::{Radar, Resources, Weather, WeatherOptions, WeatherRequest};
pub use serde_json::{json, Value};
/// A JSON object.
pub type Object = serde_json::Map<String, Value>;
pub use sockets::{Datagram, TcpState, TcpStream, UdpSocket};
pub use types::*;

/// Whatever says what went wrong: `Err("no reply".into())`, or any error through `?`.
pub type Error = Box<dyn std::error::Error>;
pub type Result<T = ()> = std::result::Result<T, Error>;

/// What every plugin has. What it may have besides is listed in [`plugin!`].
pub trait Plugin: Default {
    /// The name in package.json.
    const ID: &'static str;
    /// For people.
    const NAME: &'static str;
    /// JSON schema of the configuration; the server makes a form of it.
    const SCHEMA: &'static str;
    /// What the user saved. Give it defaults (`#[serde(default)]`): before the first save the configuration is empty. The server adds
    /// a member `enableDebug`.
    type Config: serde::de::DeserializeOwned;

    /// Switched on, at boot, and after each change of the configuration. Handlers are registered when this returned `Ok`.
    fn start(&mut self, config: Self::Config) -> Result;

    /// Before a restart, switched off, at shutdown. All server functions still work.
    fn stop(&mut self) -> Result {
        Ok(())
    }
}
