//! A client that calls one procedure after the other.

#![allow(clippy::needless_pass_by_value, reason = "values are written where they are used")]

use serde_json::{Value, json};

use super::{Client, assert_error};

/// Calls, without counting requests.
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) request: u64,
}

impl Caller {
    pub(crate) fn of(client: Client) -> Self {
        Self { client, request: 0 }
    }

    pub(crate) fn ask(&mut self, procedure: &str, args: &Value, kwargs: &Value) -> Value {
        self.request += 1;
        self.client.ask(json!([48, self.request, {}, procedure, args, kwargs]).to_string())
    }

    /// The positional results.
    #[track_caller]
    pub(crate) fn call(&mut self, procedure: &str, args: Value) -> Value {
        self.call_with(procedure, args, json!({}))
    }

    #[track_caller]
    pub(crate) fn call_with(&mut self, procedure: &str, args: Value, kwargs: Value) -> Value {
        let answer = self.ask(procedure, &args, &kwargs);
        assert_eq!((&answer[0], &answer[2]), (&json!(50), &json!({})), "{answer}");
        answer.get(3).cloned().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn fails(&mut self, procedure: &str, args: Value, kwargs: Value, uri: &str) {
        let answer = self.ask(procedure, &args, &kwargs);
        assert_error(&answer, 48, self.request, uri);
    }
}
