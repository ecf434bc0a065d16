//! The server's functions. Outside WebAssembly they are replaced by a recorder, so that the rest can be tested natively.

#[cfg(target_arch = "wasm32")]
mod imports {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn sk_debug(ptr: *const u8, len: usize);
        pub fn sk_set_status(ptr: *const u8, len: usize);
        pub fn sk_set_error(ptr: *const u8, len: usize);
        pub fn sk_handle_message(ptr: *const u8, len: usize);
        pub fn sk_register_put_handler(context: *const u8, context_len: usize, path: *const u8, path_len: usize) -> i32;
        pub fn sk_get_self_path(path: *const u8, path_len: usize, out: *mut u8, max: usize) -> i32;
    }
}

#[cfg(target_arch = "wasm32")]
mod real {
    use super::imports::*;

    pub fn debug(text: &str) {
        unsafe { sk_debug(text.as_ptr(), text.len()) }
    }

    pub fn set_status(text: &str) {
        unsafe { sk_set_status(text.as_ptr(), text.len()) }
    }

    pub fn set_error(text: &str) {
        unsafe { sk_set_error(text.as_ptr(), text.len()) }
    }

    pub fn handle_message(delta: &str) {
        unsafe { sk_handle_message(delta.as_ptr(), delta.len()) }
    }

    pub fn register_put_handler(context: &str, path: &str) -> bool {
        unsafe { sk_register_put_handler(context.as_ptr(), context.len(), path.as_ptr(), path.len()) != 0 }
    }

    /// JSON of a node of the own vessel, if the server has it and lets plugins ask.
    pub fn self_path(path: &str) -> Option<String> {
        let mut buffer = vec![0u8; 512];
        let n = unsafe { sk_get_self_path(path.as_ptr(), path.len(), buffer.as_mut_ptr(), buffer.len()) };
        if n <= 0 || n as usize > buffer.len() {
            return None;
        }
        buffer.truncate(n as usize);
        String::from_utf8(buffer).ok()
    }
}

#[cfg(target_arch = "wasm32")]
pub use real::*;

#[cfg(not(target_arch = "wasm32"))]
pub mod recorder {
    use std::cell::RefCell;

    #[derive(Default)]
    pub struct Record {
        pub statuses: Vec<String>,
        pub errors: Vec<String>,
        pub deltas: Vec<serde_json::Value>,
        pub put_paths: Vec<String>,
        pub position: Option<String>,
    }

    thread_local! {
        pub static RECORD: RefCell<Record> = RefCell::default();
    }

    fn with(f: impl FnOnce(&mut Record)) {
        RECORD.with(|r| f(&mut r.borrow_mut()))
    }

    pub fn debug(_text: &str) {}

    pub fn set_status(text: &str) {
        with(|r| r.statuses.push(text.to_owned()))
    }

    pub fn set_error(text: &str) {
        with(|r| r.errors.push(text.to_owned()))
    }

    pub fn handle_message(delta: &str) {
        let parsed = serde_json::from_str(delta).expect("published deltas are JSON");
        with(|r| r.deltas.push(parsed))
    }

    pub fn register_put_handler(_context: &str, path: &str) -> bool {
        with(|r| r.put_paths.push(path.to_owned()));
        true
    }

    pub fn self_path(_path: &str) -> Option<String> {
        RECORD.with(|r| r.borrow().position.clone())
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use recorder::*;
