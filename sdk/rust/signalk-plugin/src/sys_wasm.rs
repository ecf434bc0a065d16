//! The imports, exactly as every Signal K server names them. Only those that a plugin really calls end up in its module.

mod env {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn sk_debug(text: *const u8, n: usize);
        pub fn sk_set_status(text: *const u8, n: usize);
        pub fn sk_set_error(text: *const u8, n: usize);
        pub fn sk_handle_message(json: *const u8, n: usize, version: i32);
        pub fn sk_publish_notification(path: *const u8, path_n: usize, json: *const u8, n: usize) -> i32;
        pub fn sk_get_self_path(path: *const u8, n: usize, out: *mut u8, max: usize) -> i32;
        pub fn sk_get_path(path: *const u8, n: usize, out: *mut u8, max: usize) -> i32;
        pub fn sk_read_config(out: *mut u8, max: usize) -> i32;
        pub fn sk_save_config(json: *const u8, n: usize) -> i32;
        pub fn sk_has_capability(name: *const u8, n: usize) -> i32;
        pub fn sk_register_put_handler(context: *const u8, context_n: usize, path: *const u8, n: usize) -> i32;
        pub fn sk_register_resource_provider(kind: *const u8, n: usize) -> i32;
        pub fn sk_register_weather_provider(name: *const u8, n: usize) -> i32;
        pub fn sk_register_radar_provider(name: *const u8, n: usize) -> i32;
        pub fn sk_emit_binary_stream(id: *const u8, id_n: usize, bytes: *const u8, n: usize) -> i32;
        pub fn sk_radar_emit_spokes(radar: *const u8, radar_n: usize, bytes: *const u8, n: usize) -> i32;

        pub fn sk_udp_create(kind: i32) -> i32;
        pub fn sk_udp_bind(id: i32, port: i32) -> i32;
        pub fn sk_udp_join_multicast(id: i32, group: *const u8, n: usize, interface: *const u8, interface_n: usize) -> i32;
        pub fn sk_udp_leave_multicast(id: i32, group: *const u8, n: usize, interface: *const u8, interface_n: usize) -> i32;
        pub fn sk_udp_set_multicast_ttl(id: i32, ttl: i32) -> i32;
        pub fn sk_udp_set_multicast_loopback(id: i32, on: i32) -> i32;
        pub fn sk_udp_set_broadcast(id: i32, on: i32) -> i32;
        pub fn sk_udp_send(id: i32, host: *const u8, host_n: usize, port: i32, bytes: *const u8, n: usize) -> i32;
        pub fn sk_udp_recv(id: i32, out: *mut u8, max: usize, address: *mut u8, port: *mut u16) -> i32;
        pub fn sk_udp_close(id: i32);
        pub fn sk_tcp_create() -> i32;
        pub fn sk_tcp_connect(id: i32, host: *const u8, n: usize, port: i32) -> i32;
        pub fn sk_tcp_connected(id: i32) -> i32;
        pub fn sk_tcp_set_line_buffering(id: i32, on: i32) -> i32;
        pub fn sk_tcp_send(id: i32, bytes: *const u8, n: usize) -> i32;
        pub fn sk_tcp_recv_line(id: i32, out: *mut u8, max: usize) -> i32;
        pub fn sk_tcp_recv_raw(id: i32, out: *mut u8, max: usize) -> i32;
        pub fn sk_tcp_close(id: i32);
        #[cfg(feature = "skiff")]
        pub fn sk_http_request(request: *const u8, n: usize, body: *const u8, body_n: usize, head: *mut u8, max: usize) -> i32;
        #[cfg(feature = "skiff")]
        pub fn sk_http_body(out: *mut u8, max: usize) -> i32;
    }
}

// Slices and texts are valid for as long as a call takes, which is all that the server needs: it copies.

use env::*;

pub fn debug(text: &str) {
    unsafe { sk_debug(text.as_ptr(), text.len()) }
}

pub fn set_status(text: &str) {
    unsafe { sk_set_status(text.as_ptr(), text.len()) }
}

pub fn set_error(text: &str) {
    unsafe { sk_set_error(text.as_ptr(), text.len()) }
}

pub fn handle_message(json: &str, version: i32) {
    unsafe { sk_handle_message(json.as_ptr(), json.len(), version) }
}

pub fn publish_notification(path: &str, json: &str) -> i32 {
    unsafe { sk_publish_notification(path.as_ptr(), path.len(), json.as_ptr(), json.len()) }
}

pub fn get_self_path(path: &str, out: &mut [u8]) -> i32 {
    unsafe { sk_get_self_path(path.as_ptr(), path.len(), out.as_mut_ptr(), out.len()) }
}

pub fn get_path(path: &str, out: &mut [u8]) -> i32 {
    unsafe { sk_get_path(path.as_ptr(), path.len(), out.as_mut_ptr(), out.len()) }
}

pub fn read_config(out: &mut [u8]) -> i32 {
    unsafe { sk_read_config(out.as_mut_ptr(), out.len()) }
}

pub fn save_config(json: &str) -> i32 {
    unsafe { sk_save_config(json.as_ptr(), json.len()) }
}

pub fn has_capability(name: &str) -> bool {
    unsafe { sk_has_capability(name.as_ptr(), name.len()) != 0 }
}

pub fn register_put_handler(context: &str, path: &str) -> bool {
    unsafe { sk_register_put_handler(context.as_ptr(), context.len(), path.as_ptr(), path.len()) != 0 }
}

pub fn register_resource_provider(kind: &str) -> bool {
    unsafe { sk_register_resource_provider(kind.as_ptr(), kind.len()) != 0 }
}

pub fn register_weather_provider(name: &str) -> bool {
    unsafe { sk_register_weather_provider(name.as_ptr(), name.len()) != 0 }
}

pub fn register_radar_provider(name: &str) -> bool {
    unsafe { sk_register_radar_provider(name.as_ptr(), name.len()) != 0 }
}

pub fn emit_binary_stream(id: &str, bytes: &[u8]) -> bool {
    unsafe { sk_emit_binary_stream(id.as_ptr(), id.len(), bytes.as_ptr(), bytes.len()) != 0 }
}

pub fn radar_emit_spokes(radar: &str, bytes: &[u8]) -> bool {
    unsafe { sk_radar_emit_spokes(radar.as_ptr(), radar.len(), bytes.as_ptr(), bytes.len()) != 0 }
}

pub fn udp_create(kind: i32) -> i32 {
    unsafe { sk_udp_create(kind) }
}

pub fn udp_bind(id: i32, port: u16) -> i32 {
    unsafe { sk_udp_bind(id, port.into()) }
}

pub fn udp_join_multicast(id: i32, group: &str, interface: &str) -> i32 {
    unsafe { sk_udp_join_multicast(id, group.as_ptr(), group.len(), interface.as_ptr(), interface.len()) }
}

pub fn udp_leave_multicast(id: i32, group: &str, interface: &str) -> i32 {
    unsafe { sk_udp_leave_multicast(id, group.as_ptr(), group.len(), interface.as_ptr(), interface.len()) }
}

pub fn udp_set_multicast_ttl(id: i32, ttl: i32) -> i32 {
    unsafe { sk_udp_set_multicast_ttl(id, ttl) }
}

pub fn udp_set_multicast_loopback(id: i32, on: bool) -> i32 {
    unsafe { sk_udp_set_multicast_loopback(id, on.into()) }
}

pub fn udp_set_broadcast(id: i32, on: bool) -> i32 {
    unsafe { sk_udp_set_broadcast(id, on.into()) }
}

pub fn udp_send(id: i32, host: &str, port: u16, bytes: &[u8]) -> i32 {
    unsafe { sk_udp_send(id, host.as_ptr(), host.len(), port.into(), bytes.as_ptr(), bytes.len()) }
}

/// `address` gets text with a NUL behind it.
pub fn udp_recv(id: i32, out: &mut [u8], address: &mut [u8; 64], port: &mut u16) -> i32 {
    unsafe { sk_udp_recv(id, out.as_mut_ptr(), out.len(), address.as_mut_ptr(), port) }
}

pub fn udp_close(id: i32) {
    unsafe { sk_udp_close(id) }
}

pub fn tcp_create() -> i32 {
    unsafe { sk_tcp_create() }
}

pub fn tcp_connect(id: i32, host: &str, port: u16) -> i32 {
    unsafe { sk_tcp_connect(id, host.as_ptr(), host.len(), port.into()) }
}

pub fn tcp_connected(id: i32) -> i32 {
    unsafe { sk_tcp_connected(id) }
}

pub fn tcp_set_line_buffering(id: i32, on: bool) -> i32 {
    unsafe { sk_tcp_set_line_buffering(id, on.into()) }
}

pub fn tcp_send(id: i32, bytes: &[u8]) -> i32 {
    unsafe { sk_tcp_send(id, bytes.as_ptr(), bytes.len()) }
}

pub fn tcp_recv_line(id: i32, out: &mut [u8]) -> i32 {
    unsafe { sk_tcp_recv_line(id, out.as_mut_ptr(), out.len()) }
}

pub fn tcp_recv_raw(id: i32, out: &mut [u8]) -> i32 {
    unsafe { sk_tcp_recv_raw(id, out.as_mut_ptr(), out.len()) }
}

pub fn tcp_close(id: i32) {
    unsafe { sk_tcp_close(id) }
}

#[cfg(feature = "skiff")]
pub fn http_request(request: &str, body: &[u8], head: &mut [u8]) -> i32 {
    unsafe { sk_http_request(request.as_ptr(), request.len(), body.as_ptr(), body.len(), head.as_mut_ptr(), head.len()) }
}

#[cfg(feature = "skiff")]
pub fn http_body(out: &mut [u8]) -> i32 {
    unsafe { sk_http_body(out.as_mut_ptr(), out.len()) }
}
