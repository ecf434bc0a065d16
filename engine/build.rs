//! Tells the C build where the headers of this very build of the C API lie (they come with a matching `conf.h`): writes the
//! folder's name to `$SKIFF_ENGINE_HEADERS`, the file that `scripts/engine.sh` names.
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=SKIFF_ENGINE_HEADERS");
    let include = env::var("DEP_WASMTIME_C_API_INCLUDE").expect("the C API crate says where its headers are");
    if let Ok(file) = env::var("SKIFF_ENGINE_HEADERS") {
        fs::write(&file, include).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
}
