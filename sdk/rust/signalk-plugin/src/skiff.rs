//! HTTP requests through skiff's own import, with the capability `network`. **A plugin that calls this loads on no other server.**
//!
//! A request waits for its answer, in any call; that time does not count against the call's deadline.

use crate::{sys, Error, Result};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::collections::BTreeMap;

const HEAD_MAX: usize = 16 * 1024;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    url: String,
    method: String,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u32>,
    redirect: &'static str,
    #[serde(skip)]
    body: Vec<u8>,
}

/// An error status such as 404 is a response as well.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Where it came from in the end.
    pub url: String,
    /// Names in lower case; several values of one name are joined with commas.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: method.into(),
            headers: BTreeMap::new(),
            timeout_ms: None,
            redirect: "follow",
            body: vec![],
        }
    }

    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Of the whole request; at most 30 seconds.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// A redirect then is an answer.
    pub fn no_redirects(mut self) -> Self {
        self.redirect = "manual";
        self
    }

    pub fn send(&self) -> Result<Response> {
        let mut head = vec![0; HEAD_MAX];
        let n = sys::http_request(&serde_json::to_string(self)?, &self.body, &mut head);
        let n = usize::try_from(n).map_err(|_| "HTTP requests need \"network\": true in wasmCapabilities")?;
        head.truncate(n);
        let head: Head = serde_json::from_slice(&head)?;
        let body = rest();
        match head.error {
            Some(why) => Err(Error::from(why)),
            None => Ok(Response { status: head.status, url: head.url, headers: flat(head.headers), body }),
        }
    }
}

impl Response {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    status: u16,
    url: String,
    headers: BTreeMap<String, Values>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

fn flat(headers: BTreeMap<String, Values>) -> BTreeMap<String, String> {
    let text = |values| match values {
        Values::One(value) => value,
        Values::Many(values) => values.join(", "),
    };
    headers.into_iter().map(|(name, values)| (name, text(values))).collect()
}

fn rest() -> Vec<u8> {
    let (mut body, mut piece) = (vec![], vec![0; 64 * 1024]);
    while let Some(n) = usize::try_from(sys::http_body(&mut piece)).ok().filter(|n| *n > 0) {
        body.extend_from_slice(&piece[..n]);
    }
    body
}
