//! Requests to the plugin's own endpoints below `/plugins/<plugin id>`.

use crate::{Error, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    pub method: String,
    /// Below the plugin's address, percent-encoded as it came, without the query.
    pub path: String,
    /// Texts; lists of them where a name came several times.
    pub query: serde_json::Map<String, Value>,
    /// What stood for `:name` in the endpoint's path, decoded.
    pub params: BTreeMap<String, String>,
    /// Of JSON requests and forms; an empty object for all others.
    pub body: Value,
    /// Names in lower case.
    pub headers: serde_json::Map<String, Value>,
}

impl HttpRequest {
    /// For tests: `HttpRequest::new("GET", "/api/hello/anna").param("name", "anna")`
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.into(), path: path.into(), body: Value::Object(Default::default()), ..Self::default() }
    }

    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = body;
        self
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpResponse {
    pub status_code: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl HttpResponse {
    pub fn json(body: impl Serialize) -> Self {
        Self::new(200, "application/json", serde_json::to_value(body).unwrap_or(Value::Null))
    }

    pub fn text(body: impl Into<String>) -> Self {
        Self::new(200, "text/plain", Value::String(body.into()))
    }

    pub fn html(body: impl Into<String>) -> Self {
        Self::new(200, "text/html", Value::String(body.into()))
    }

    /// `{"error": message}` with that status
    pub fn error(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, "application/json", serde_json::json!({ "error": message.into() }))
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status_code = status;
        self
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    fn new(status_code: u16, kind: &str, body: Value) -> Self {
        Self { status_code, headers: BTreeMap::from([("content-type".into(), kind.into())]), body }
    }
}

/// What an endpoint's handler may return: a response, or a result, whose error becomes status 500.
pub trait Answer {
    fn answer(self) -> HttpResponse;
}

impl Answer for HttpResponse {
    fn answer(self) -> HttpResponse {
        self
    }
}

impl Answer for Result<HttpResponse, Error> {
    fn answer(self) -> HttpResponse {
        self.unwrap_or_else(|e| HttpResponse::error(500, e.to_string()))
    }
}
