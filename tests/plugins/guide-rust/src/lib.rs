//! Has exactly the imports and exports that the Rust chapter of the plugin guide names, with the types it gives them: a
//! plugin author's first plugin. sk_handle_message has two parameters here, and errors of serde go to the user.

use serde::Deserialize;
use std::cell::RefCell;

mod env {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn sk_debug(ptr: *const u8, len: usize);
        pub fn sk_set_status(ptr: *const u8, len: usize);
        pub fn sk_set_error(ptr: *const u8, len: usize);
        pub fn sk_handle_message(ptr: *const u8, len: usize);
        pub fn sk_register_put_handler(context: *const u8, context_len: usize, path: *const u8, path_len: usize) -> i32;
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    max_radius: f64,
}

thread_local! {
    static CONFIG: RefCell<Config> = RefCell::default();
}

fn debug(text: &str) {
    unsafe { env::sk_debug(text.as_ptr(), text.len()) }
}

fn status(text: &str) {
    unsafe { env::sk_set_status(text.as_ptr(), text.len()) }
}

fn publish_radius() {
    let radius = CONFIG.with(|c| c.borrow().max_radius);
    let delta = format!(r#"{{"updates":[{{"values":[{{"path":"test.guide.maxRadius","value":{radius}}}]}}]}}"#);
    unsafe { env::sk_handle_message(delta.as_ptr(), delta.len()) }
}

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

unsafe fn give(text: &str, out: *mut u8, max: usize) -> i32 {
    let n = text.len().min(max);
    std::ptr::copy_nonoverlapping(text.as_ptr(), out, n);
    n as i32
}

/// # Safety
/// `out` must have room for `max` bytes.
#[no_mangle]
pub unsafe extern "C" fn plugin_id(out: *mut u8, max: usize) -> i32 {
    give("an-id-that-nobody-asks-for", out, max)
}

/// # Safety
/// `out` must have room for `max` bytes.
#[no_mangle]
pub unsafe extern "C" fn plugin_name(out: *mut u8, max: usize) -> i32 {
    give("Guide plugin (Rust)", out, max)
}

/// # Safety
/// `out` must have room for `max` bytes.
#[no_mangle]
pub unsafe extern "C" fn plugin_schema(out: *mut u8, max: usize) -> i32 {
    give(
        r#"{"type":"object","properties":{"maxRadius":{"type":"number","title":"Max Radius","default":50}}}"#,
        out,
        max,
    )
}

/// # Safety
/// `ptr` must hold `len` bytes.
#[no_mangle]
pub unsafe extern "C" fn plugin_start(ptr: *const u8, len: usize) -> i32 {
    let text = String::from_utf8_lossy(std::slice::from_raw_parts(ptr, len)).into_owned();
    match serde_json::from_str::<Config>(&text) {
        Ok(config) => CONFIG.with(|c| *c.borrow_mut() = config),
        Err(why) => {
            let message = format!("Failed to parse config: {why}");
            env::sk_set_error(message.as_ptr(), message.len());
            return 1;
        }
    }
    let (context, path) = ("vessels.self", "test.guide.maxRadius");
    if env::sk_register_put_handler(context.as_ptr(), context.len(), path.as_ptr(), path.len()) != 1 {
        debug("[WARN] PUT handler was refused");
    }
    publish_radius();
    debug("Plugin started successfully");
    status("Running");
    0
}

#[no_mangle]
pub extern "C" fn plugin_stop() -> i32 {
    debug("Plugin stopped");
    status("Stopped");
    0
}

/// # Safety
/// `ptr` must hold `len` bytes and `out` must have room for `max`.
#[no_mangle]
#[allow(non_snake_case)]
pub unsafe extern "C" fn handle_put_vessels_self_test_guide_maxRadius(
    ptr: *const u8,
    len: usize,
    out: *mut u8,
    max: usize,
) -> i32 {
    let answer = match serde_json::from_slice::<f64>(std::slice::from_raw_parts(ptr, len)) {
        Ok(radius) => {
            CONFIG.with(|c| c.borrow_mut().max_radius = radius);
            publish_radius();
            r#"{"state":"COMPLETED","statusCode":200}"#
        }
        Err(_) => r#"{"state":"COMPLETED","statusCode":400,"message":"maxRadius must be a number"}"#,
    };
    give(answer, out, max)
}
