//! Nothing of its own: naming the crate makes rustc put every `wasm_*`, `wasmtime_*` and `wasi_*` symbol of Wasmtime's C API
//! into this static library, which the C build links.
pub extern crate wasmtime_c_api;
