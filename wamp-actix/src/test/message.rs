//! A message of the server, as the test client reads it.

use serde_json::{Map, Value};
use wamp_core::{__private, Error, Payload};

/// A message of the server. A missing element reads as null, so that the test fails where it uses
/// it.
pub(super) struct Message {
    text: String,
    elements: Vec<Value>,
}

impl Message {
    pub(super) fn of(text: String) -> Self {
        let elements = serde_json::from_str(&text).unwrap_or_default();
        Self { text, elements }
    }

    pub(super) fn code(&self) -> u64 {
        self.number(0)
    }

    pub(super) fn number(&self, at: usize) -> u64 {
        self.elements.get(at).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(super) fn text(&self, at: usize) -> String {
        self.elements.get(at).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(super) fn dict(&self, at: usize) -> Map<String, Value> {
        self.elements.get(at).and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Returns whether the details at this element say `progress`.
    pub(super) fn is_progress(&self, at: usize) -> bool {
        self.dict(at).get("progress").is_some_and(|progress| progress == true)
    }

    /// Returns `Arguments` and `ArgumentsKw`, which begin at this element.
    pub(super) fn payload(&self, at: usize) -> Payload {
        __private::payload_of(&self.text, at)
    }

    /// Returns the error whose URI is this element, and whose arguments follow it.
    pub(super) fn error(&self, at: usize) -> Error {
        let args = self.elements.get(at + 1).and_then(Value::as_array).into_iter().flatten();
        let error = args.fold(Error::new(self.text(at)), Error::arg);
        self.dict(at + 2).iter().fold(error, |error, (key, value)| error.kwarg(key, value))
    }

    /// Returns the reason in a GOODBYE or ABORT, and its text as the first argument.
    pub(super) fn ending(&self) -> Error {
        reason(self.text(2), &self.dict(1))
    }

    /// Returns the reason for which the server has ended a subscription or a registration; its
    /// text is the first argument.
    pub(super) fn revocation(&self) -> Error {
        let details = self.dict(2);
        let uri = details.get("reason").and_then(Value::as_str).unwrap_or("test.error.revoked");
        reason(uri.to_owned(), &details)
    }
}

fn reason(uri: String, details: &Map<String, Value>) -> Error {
    details.get("message").into_iter().fold(Error::new(uri), Error::arg)
}
