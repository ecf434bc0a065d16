//! The exports.

/// Makes the plugin's exports. First the type, then what it can do besides starting and stopping:
///
/// | part | calls |
/// | --- | --- |
/// | `poll;` | `fn poll(&mut self) -> Result`, once a second while running |
/// | `deltas;` | `fn on_delta(&mut self, delta: &DeltaText)`, for each delta on the server, also other vessels' and its own |
/// | `http { GET "/api/x/:id" => x; … }` | `fn x(&mut self, request: &HttpRequest) -> HttpResponse` (or `Result<HttpResponse>`) |
/// | `put { a.b.c => set_c; … }` | `fn set_c(&mut self, value: Value) -> PutResult`, for PUT requests on that path of the own vessel |
/// | `resources { "buoys" … }` | the trait [`Resources`](crate::Resources) |
/// | `weather "Name";` | the trait [`Weather`](crate::Weather) |
/// | `radar "Name";` | the trait [`Radar`](crate::Radar) |
///
/// `put`, `resources`, `weather` and `radar` register themselves after a start that returned `Ok`. Each handler serves one endpoint
/// or path.
#[macro_export]
macro_rules! plugin {
    ($plugin:ty; $($parts:tt)*) => {
        #[doc(hidden)]
        pub mod signalk_plugin_exports {
            use super::*;
            use $crate::abi::{In, Out, Slot};

            thread_local! {
                static SLOT: Slot<$plugin> = Slot::default();
            }

            fn slot<R>(f: impl FnOnce(&Slot<$plugin>) -> R) -> R {
                SLOT.with(f)
            }

            $crate::plugin!(@export "allocate" allocate(size: usize) -> *mut u8 { $crate::abi::allocate(size) });
            $crate::plugin!(@export "deallocate" deallocate(block: *mut u8, size: usize) -> () {
                unsafe { $crate::abi::deallocate(block, size) }
            });
            $crate::plugin!(@export "plugin_id" plugin_id(out: *mut u8, max: usize) -> i32 {
                unsafe { $crate::abi::text_out(<$plugin as $crate::Plugin>::ID, out, max) }
            });
            $crate::plugin!(@export "plugin_name" plugin_name(out: *mut u8, max: usize) -> i32 {
                unsafe { $crate::abi::text_out(<$plugin as $crate::Plugin>::NAME, out, max) }
            });
            $crate::plugin!(@export "plugin_schema" plugin_schema(out: *mut u8, max: usize) -> i32 {
                unsafe { $crate::abi::text_out(<$plugin as $crate::Plugin>::SCHEMA, out, max) }
            });
            $crate::plugin!(@export "plugin_start" plugin_start(at: *const u8, n: usize) -> i32 {
                slot(|s| s.start(In { at, n }, register))
            });
            $crate::plugin!(@export "plugin_stop" plugin_stop() -> i32 { slot(|s| s.stop()) });

            fn register() -> $crate::Result {
                $crate::plugin!(@register $($parts)*);
                Ok(())
            }
            $crate::plugin!(@parts $plugin; $($parts)*);
        }
    };

    // ---- what to register, in the order of the parts
    (@register) => {};
    (@register put { $($first:ident $(. $rest:tt)* => $handler:ident;)* } $($more:tt)*) => {
        $($crate::abi::register_put(concat!(stringify!($first) $(, ".", stringify!($rest))*))?;)*
        $crate::plugin!(@register $($more)*);
    };
    (@register resources { $($kind:literal)* } $($more:tt)*) => {
        $($crate::abi::register_resources($kind)?;)*
        $crate::plugin!(@register $($more)*);
    };
    (@register weather $name:literal; $($more:tt)*) => {
        $crate::abi::register_weather($name)?;
        $crate::plugin!(@register $($more)*);
    };
    (@register radar $name:literal; $($more:tt)*) => {
        $crate::abi::register_radar($name)?;
        $crate::plugin!(@register $($more)*);
    };
    (@register $part:tt $($more:tt)*) => { $crate::plugin!(@register $($more)*); };

    // ---- the exports of each part
    (@parts $plugin:ty;) => {};
    (@parts $plugin:ty; poll; $($more:tt)*) => {
        $crate::plugin!(@export "poll" poll() -> i32 { slot(|s| s.poll(|p| p.poll())) });
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; deltas; $($more:tt)*) => {
        $crate::plugin!(@export "delta_handler" delta_handler(at: *const u8, n: usize) -> () {
            slot(|s| s.delta(In { at, n }, |p, delta| p.on_delta(delta)))
        });
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; http { $($method:ident $path:literal => $handler:ident;)* } $($more:tt)*) => {
        $crate::plugin!(@export "http_endpoints" http_endpoints(out: *mut u8, max: usize) -> i32 {
            let all = vec![$($crate::abi::endpoint(stringify!($method), $path, concat!("http_", stringify!($handler)))),*];
            unsafe { $crate::abi::text_out(&$crate::Value::Array(all).to_string(), out, max) }
        });
        $(const _: () = {
            $crate::plugin!(@answer concat!("http_", stringify!($handler)), |s, request, out| {
                s.http(request, out, |p, request| p.$handler(request))
            });
        };)*
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; put { $($first:ident $(. $rest:tt)* => $handler:ident;)* } $($more:tt)*) => {
        $(const _: () = {
            $crate::plugin!(@answer concat!("handle_put_vessels_self_", stringify!($first) $(, "_", stringify!($rest))*), |s, value, out| {
                s.put(value, out, |p, value| p.$handler(value))
            });
        };)*
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; resources { $($kind:literal)* } $($more:tt)*) => {
        $crate::plugin!(@answers {
            "resources_list_resources" => |s, request, out| { s.resources_list(request, out) }
            "resources_get_resource" => |s, request, out| { s.resources_get(request, out) }
            "resources_set_resource" => |s, request, out| { s.resources_set(request, out) }
            "resources_delete_resource" => |s, request, out| { s.resources_delete(request, out) }
        });
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; weather $name:literal; $($more:tt)*) => {
        $crate::plugin!(@answers {
            "weather_get_observations" => |s, request, out| { s.weather(request, out, |p, r| $crate::Weather::observations(p, r)) }
            "weather_get_forecasts" => |s, request, out| { s.weather(request, out, |p, r| $crate::Weather::forecasts(p, r)) }
            "weather_get_warnings" => |s, request, out| { s.weather(request, out, |p, r| $crate::Weather::warnings(p, r)) }
        });
        $crate::plugin!(@parts $plugin; $($more)*);
    };
    (@parts $plugin:ty; radar $name:literal; $($more:tt)*) => {
        $crate::plugin!(@export "radar_get_radars" radar_get_radars(at: *mut u8, max: usize) -> i32 {
            slot(|s| s.radars(Out { at, max }))
        });
        $crate::plugin!(@answers {
            "radar_get_radar_info" => |s, request, out| { s.radar_get(request, out, |p, id| $crate::Radar::info(p, id)) }
            "radar_get_capabilities" => |s, request, out| { s.radar_get(request, out, |p, id| $crate::Radar::capabilities(p, id)) }
            "radar_get_state" => |s, request, out| { s.radar_get(request, out, |p, id| $crate::Radar::state(p, id)) }
            "radar_get_control" => |s, request, out| { s.radar_control(request, out) }
            "radar_set_control" => |s, request, out| { s.radar_set_control(request, out) }
            "radar_set_controls" => |s, request, out| { s.radar_set_named(request, out, None) }
            "radar_set_power" => |s, request, out| { s.radar_set_named(request, out, Some("power")) }
            "radar_set_range" => |s, request, out| { s.radar_set_named(request, out, Some("range")) }
            "radar_set_gain" => |s, request, out| { s.radar_set_named(request, out, Some("gain")) }
            "radar_set_sea" => |s, request, out| { s.radar_set_named(request, out, Some("sea")) }
            "radar_set_rain" => |s, request, out| { s.radar_set_named(request, out, Some("rain")) }
            "radar_get_targets" => |s, request, out| { s.radar_get(request, out, |p, id| $crate::Radar::targets(p, id)) }
            "radar_acquire_target" => |s, request, out| { s.radar_acquire(request, out) }
            "radar_cancel_target" => |s, request, out| { s.radar_cancel(request, out) }
            "radar_get_arpa_settings" => |s, request, out| { s.radar_get(request, out, |p, id| $crate::Radar::arpa_settings(p, id)) }
            "radar_set_arpa_settings" => |s, request, out| { s.radar_set_arpa(request, out) }
        });
        $crate::plugin!(@parts $plugin; $($more)*);
    };

    // ---- single exports. On other targets they are plain functions: a test program's libc has a `poll` of its own.
    (@export $export:literal $name:ident($($arg:ident: $type:ty),*) -> $ret:ty $body:block) => {
        #[cfg_attr(target_arch = "wasm32", export_name = $export)]
        pub extern "C" fn $name($($arg: $type),*) -> $ret $body
    };
    (@answers { $($export:literal => |$slot:ident, $in:ident, $out:ident| $body:block)* }) => {
        $(const _: () = {
            $crate::plugin!(@answer $export, |$slot, $in, $out| $body);
        };)*
    };
    (@answer $export:expr, |$slot:ident, $in:ident, $out:ident| $body:block) => {
        #[cfg_attr(target_arch = "wasm32", export_name = $export)]
        #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
        extern "C" fn answer(at: *const u8, n: usize, out: *mut u8, max: usize) -> i32 {
            let ($in, $out) = (In { at, n }, Out { at: out, max });
            slot(|$slot| $body)
        }
    };
}
