//! The exports: buffers in, buffers out. Pointers are used here and nowhere else.

use crate::{get_position, get_status, post_drop, receive_delta, run_put, with, Plugin, ENDPOINTS, ID, NAME, SCHEMA};

/// A block for the server to fill or to read an answer from. The server gives it back with `deallocate` and the same size.
#[no_mangle]
pub extern "C" fn allocate(size: usize) -> *mut u8 {
    let mut block = Vec::<u8>::with_capacity(size);
    let ptr = block.as_mut_ptr();
    std::mem::forget(block);
    ptr
}

/// # Safety
/// `ptr` and `size` must come from one call of `allocate`.
#[no_mangle]
pub unsafe extern "C" fn deallocate(ptr: *mut u8, size: usize) {
    drop(Vec::from_raw_parts(ptr, 0, size));
}

unsafe fn text_in(ptr: *const u8, len: usize) -> String {
    String::from_utf8_lossy(std::slice::from_raw_parts(ptr, len)).into_owned()
}

/// As much as fits: the server's buffers are larger than anything this plugin says.
unsafe fn text_out(text: &str, out: *mut u8, max: usize) -> i32 {
    let len = text.len().min(max);
    std::ptr::copy_nonoverlapping(text.as_ptr(), out, len);
    len as i32
}

macro_rules! constants {
    ($($name:ident => $text:expr;)*) => {$(
        /// # Safety
        /// `out` must have room for `max` bytes.
        #[no_mangle]
        pub unsafe extern "C" fn $name(out: *mut u8, max: usize) -> i32 {
            text_out($text, out, max)
        }
    )*};
}

constants! {
    plugin_id => ID;
    plugin_name => NAME;
    plugin_schema => SCHEMA;
    http_endpoints => ENDPOINTS;
}

macro_rules! handlers {
    ($($name:ident => $handler:expr;)*) => {$(
        /// # Safety
        /// `ptr` must hold `len` bytes and `out` must have room for `max`.
        #[no_mangle]
        pub unsafe extern "C" fn $name(ptr: *const u8, len: usize, out: *mut u8, max: usize) -> i32 {
            let answer: String = $handler(&text_in(ptr, len));
            text_out(&answer, out, max)
        }
    )*};
}

handlers! {
    http_get_status => get_status;
    http_get_position => get_position;
    http_post_drop => post_drop;
    handle_put_vessels_self_navigation_anchor_position => |v: &str| run_put(v, Plugin::put_position);
    handle_put_vessels_self_navigation_anchor_state => |v: &str| run_put(v, Plugin::put_state);
}

// The server builds this name from the path, whose capital letter stays.
/// # Safety
/// `ptr` must hold `len` bytes and `out` must have room for `max`.
#[no_mangle]
#[allow(non_snake_case)]
pub unsafe extern "C" fn handle_put_vessels_self_navigation_anchor_maxRadius(
    ptr: *const u8,
    len: usize,
    out: *mut u8,
    max: usize,
) -> i32 {
    text_out(&run_put(&text_in(ptr, len), Plugin::put_max_radius), out, max)
}

/// # Safety
/// `ptr` must hold `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn plugin_start(ptr: *const u8, len: usize) -> i32 {
    let config = text_in(ptr, len);
    with(|p| p.start(&config))
}

#[no_mangle]
pub extern "C" fn plugin_stop() -> i32 {
    with(Plugin::stop)
}

/// Once a second. Only in the plugin: a test program's libc has a function of this name.
#[cfg(target_arch = "wasm32")]
#[no_mangle]
pub extern "C" fn poll() -> i32 {
    with(Plugin::poll)
}

/// # Safety
/// `ptr` must hold `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn delta_handler(ptr: *const u8, len: usize) {
    receive_delta(text_in(ptr, len));
}
