//! Between the exports that [`plugin!`](crate::plugin) writes and a plugin's methods. Not for direct use.
//!
//! The server lends blocks that it got from `allocate`: it fills one with the input, has the plugin fill one with the answer, and
//! gives both back with the size it asked for. All pointers are handled here and in `sys_wasm`, nowhere else.

use crate::{
    debug, set_error, Answer, DeltaText, HttpRequest, HttpResponse, Plugin, PutResult, Radar, Resources, Result, Value, Weather,
};
use serde::{de::DeserializeOwned, Serialize};
use serde_json::{json, Map};
use std::alloc::{alloc, dealloc, Layout};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ptr;

/// Deltas that came during another call and wait for its end.
const WAITING_MAX: usize = 1000;
const ALIGN: usize = 8;

// ---- memory ----------------------------------------------------------------------------------------------------------------

/// Never fails the plugin: null tells the server that there is no memory. For 0 bytes it is an address that is never used.
pub fn allocate(size: usize) -> *mut u8 {
    match Layout::from_size_align(size, ALIGN) {
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        Ok(layout) => ptr::without_provenance_mut(layout.align()),
        Err(_) => ptr::null_mut(),
    }
}

/// # Safety
/// `block` and `size` are those of one call of [`allocate`], and given back only once.
pub unsafe fn deallocate(block: *mut u8, size: usize) {
    if let (false, true, Ok(layout)) = (block.is_null(), size > 0, Layout::from_size_align(size, ALIGN)) {
        dealloc(block, layout)
    }
}

/// # Safety
/// `at` has `n` readable bytes.
unsafe fn text_in(at: *const u8, n: usize) -> String {
    if n == 0 {
        return String::new();
    }
    String::from_utf8_lossy(std::slice::from_raw_parts(at, n)).into_owned()
}

/// As much as fits; a server that got `max` bytes asks again with more room.
///
/// # Safety
/// `out` has `max` writable bytes.
pub unsafe fn text_out(text: &str, out: *mut u8, max: usize) -> i32 {
    let n = text.len().min(max);
    ptr::copy_nonoverlapping(text.as_ptr(), out, n);
    n as i32
}

/// A server's buffer for the answer.
#[derive(Clone, Copy)]
pub struct Out {
    pub at: *mut u8,
    pub max: usize,
}

impl Out {
    fn json(self, value: &impl Serialize) -> i32 {
        let text = serde_json::to_string(value).unwrap_or_else(|e| json!({"error": e.to_string()}).to_string());
        unsafe { text_out(&text, self.at, self.max) }
    }
}

/// What the server handed over.
#[derive(Clone, Copy)]
pub struct In {
    pub at: *const u8,
    pub n: usize,
}

impl In {
    fn text(self) -> String {
        unsafe { text_in(self.at, self.n) }
    }

    fn json<T: DeserializeOwned>(self) -> Result<T> {
        Ok(serde_json::from_str(&self.text())?)
    }

    fn value(self) -> Value {
        self.json().unwrap_or(Value::Null)
    }
}

// ---- the one instance ------------------------------------------------------------------------------------------------------

/// The plugin, and what came while it was busy.
#[derive(Default)]
pub struct Slot<P> {
    plugin: RefCell<P>,
    waiting: RefCell<VecDeque<String>>,
    handler: Cell<Option<fn(&mut P, &DeltaText)>>,
}

impl<P: Plugin> Slot<P> {
    /// Runs one call, then the deltas that it made.
    pub fn call<R>(&self, f: impl FnOnce(&mut P) -> R) -> R {
        tell_panics();
        let result = f(&mut self.plugin.borrow_mut());
        self.catch_up();
        result
    }

    fn catch_up(&self) {
        // a function of its own: in the condition below the borrow would last as long as the handler, whose deltas wait here too
        let next = || self.waiting.borrow_mut().pop_front();
        while let (Some(handler), Some(text)) = (self.handler.get(), next()) {
            handler(&mut self.plugin.borrow_mut(), &DeltaText(&text));
        }
    }

    pub fn start(&self, config: In, register: impl FnOnce() -> Result) -> i32 {
        tell_panics();
        self.waiting.borrow_mut().clear();
        self.plugin.replace(P::default());
        let parsed = config.json().map_err(|e| format!("The configuration cannot be used: {e}").into());
        told(parsed.and_then(|c| self.call(|p| p.start(c))).and_then(|()| register()))
    }

    pub fn stop(&self) -> i32 {
        told(self.call(P::stop))
    }

    pub fn poll(&self, poll: fn(&mut P) -> Result) -> i32 {
        told(self.call(poll))
    }

    pub fn delta(&self, text: In, handler: fn(&mut P, &DeltaText)) {
        self.handler.set(Some(handler));
        if self.plugin.try_borrow_mut().is_ok() {
            let text = text.text();
            self.call(|p| handler(p, &DeltaText(&text)));
            return;
        }
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() == WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(text.text());
    }

    pub fn put(&self, value: In, out: Out, handler: fn(&mut P, Value) -> PutResult) -> i32 {
        out.json(&match value.json() {
            Ok(value) => self.call(|p| handler(p, value)),
            Err(e) => PutResult::failed(400, format!("the value is no JSON: {e}")),
        })
    }

    /// An answer that does not fit would arrive cut and be no JSON: say instead what happened.
    pub fn http<A: Answer>(&self, request: In, out: Out, handler: fn(&mut P, &HttpRequest) -> A) -> i32 {
        let response = match request.json() {
            Ok(request) => self.call(|p| handler(p, &request).answer()),
            Err(e) => HttpResponse::error(500, format!("the request cannot be read: {e}")),
        };
        let text = serde_json::to_string(&response).unwrap_or_default();
        if text.is_empty() || text.len() > out.max {
            let why = format!("the answer has {} bytes, the server takes {}", text.len(), out.max);
            return out.json(&HttpResponse::error(500, why));
        }
        unsafe { text_out(&text, out.at, out.max) }
    }
}

/// 0, or 1 when it failed, which the user is told.
fn told(result: Result) -> i32 {
    match result {
        Ok(()) => 0,
        Err(e) => {
            set_error(&e.to_string());
            1
        }
    }
}

thread_local! {
    static PANICS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// A panic ends the plugin with a bare trap: its words would be lost without this.
fn tell_panics() {
    if cfg!(target_arch = "wasm32") && !PANICS_TOLD.replace(true) {
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            debug(&format!("[ERROR] {text}"));
            set_error(&text);
        }));
    }
}

// ---- registering -----------------------------------------------------------------------------------------------------------

pub fn register_put(path: &str) -> Result {
    crate::host::granted(crate::sys::register_put_handler("vessels.self", path), || {
        format!("PUT requests for {path} were refused: package.json needs \"putHandlers\": true in wasmCapabilities")
    })
}

pub fn register_resources(kind: &str) -> Result {
    crate::host::granted(crate::sys::register_resource_provider(kind), || {
        format!("providing {kind} was refused: package.json needs \"resourceProvider\": true in wasmCapabilities")
    })
}

pub fn register_weather(name: &str) -> Result {
    crate::host::granted(crate::sys::register_weather_provider(name), || {
        "providing weather was refused: package.json needs \"weatherProvider\": true in wasmCapabilities".into()
    })
}

pub fn register_radar(name: &str) -> Result {
    crate::host::granted(crate::sys::register_radar_provider(name), || {
        "providing radars was refused: package.json needs \"radarProvider\": true in wasmCapabilities".into()
    })
}

/// One element of what `http_endpoints` answers.
pub fn endpoint(method: &str, path: &str, handler: &str) -> Value {
    json!({"method": method, "path": path, "handler": handler})
}

// ---- providers -------------------------------------------------------------------------------------------------------------

fn failure(result: Result) -> Value {
    match result {
        Ok(()) => json!({}),
        Err(e) => json!({"error": e.to_string()}),
    }
}

fn success(result: Result) -> Value {
    match result {
        Ok(()) => json!({"success": true}),
        Err(e) => json!({"success": false, "error": e.to_string()}),
    }
}

fn member<'a>(request: &'a Value, name: &str) -> &'a str {
    request[name].as_str().unwrap_or_default()
}

impl<P: Plugin + Resources> Slot<P> {
    pub fn resources_list(&self, request: In, out: Out) -> i32 {
        let mut query: Map<String, Value> = request.json().unwrap_or_default();
        let kind = query.remove("resourceType");
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        out.json(&match self.call(|p| p.list(kind, &query)) {
            Ok(all) => Value::Object(all),
            Err(e) => json!({"error": e.to_string()}),
        })
    }

    pub fn resources_get(&self, request: In, out: Out) -> i32 {
        let r = request.value();
        let asked = self.call(|p| p.get(member(&r, "resourceType"), member(&r, "id"), r["property"].as_str()));
        out.json(&asked.map_or_else(|e| json!({"error": e.to_string()}), |found| found.unwrap_or(Value::Null)))
    }

    pub fn resources_set(&self, request: In, out: Out) -> i32 {
        let mut r = request.value();
        let value = r["value"].take();
        out.json(&failure(self.call(|p| p.set(member(&r, "resourceType"), member(&r, "id"), value))))
    }

    pub fn resources_delete(&self, request: In, out: Out) -> i32 {
        let r = request.value();
        out.json(&failure(self.call(|p| p.delete(member(&r, "resourceType"), member(&r, "id")))))
    }
}

impl<P: Plugin + Weather> Slot<P> {
    pub fn weather(&self, request: In, out: Out, ask: fn(&mut P, &crate::WeatherRequest) -> Result<Vec<Value>>) -> i32 {
        let list = request.json().and_then(|r| self.call(|p| ask(p, &r)));
        out.json(&list.unwrap_or_else(|e| {
            debug(&format!("[ERROR] weather: {e}"));
            vec![]
        }))
    }
}

impl<P: Plugin + Radar> Slot<P> {
    /// The one without a request.
    pub fn radars(&self, out: Out) -> i32 {
        out.json(&self.call(P::radars))
    }

    pub fn radar_get(&self, request: In, out: Out, ask: fn(&mut P, &str) -> Option<Value>) -> i32 {
        let r = request.value();
        out.json(&self.call(|p| ask(p, member(&r, "radarId"))))
    }

    pub fn radar_control(&self, request: In, out: Out) -> i32 {
        let r = request.value();
        out.json(&self.call(|p| p.control(member(&r, "radarId"), member(&r, "controlId"))))
    }

    pub fn radar_set_control(&self, request: In, out: Out) -> i32 {
        let mut r = request.value();
        let value = r["value"].take();
        out.json(&success(self.call(|p| p.set_control(member(&r, "radarId"), member(&r, "controlId"), value))))
    }

    /// Several at once, and the older exports for one control each (`name` is both the control and the request's member).
    pub fn radar_set_named(&self, request: In, out: Out, name: Option<&str>) -> i32 {
        let mut r = request.value();
        let wanted = match name {
            Some("power") => vec![("power".to_owned(), r["state"].take())],
            Some(one) => vec![(one.to_owned(), r[one].take())],
            None => r["controls"].as_object_mut().map(std::mem::take).into_iter().flatten().collect(),
        };
        let radar = member(&r, "radarId");
        let all = wanted.into_iter().all(|(control, value)| self.call(|p| p.set_control(radar, &control, value)).is_ok());
        out.json(&all)
    }

    pub fn radar_acquire(&self, request: In, out: Out) -> i32 {
        let r = request.value();
        let (bearing, distance) = (r["bearing"].as_f64().unwrap_or(0.0), r["distance"].as_f64().unwrap_or(0.0));
        out.json(&match self.call(|p| p.acquire_target(member(&r, "radarId"), bearing, distance)) {
            Ok(target) => json!({"success": true, "targetId": target}),
            Err(e) => success(Err(e)),
        })
    }

    pub fn radar_cancel(&self, request: In, out: Out) -> i32 {
        let r = request.value();
        out.json(&self.call(|p| p.cancel_target(member(&r, "radarId"), r["targetId"].as_i64().unwrap_or(-1))))
    }

    pub fn radar_set_arpa(&self, request: In, out: Out) -> i32 {
        let mut r = request.value();
        let settings = r["settings"].take();
        out.json(&success(self.call(|p| p.set_arpa_settings(member(&r, "radarId"), settings))))
    }
}
