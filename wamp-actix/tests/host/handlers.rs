//! The behaviour of the macros' expansions, through the public API and without a port.

mod attributes;
mod captures;
mod conditions;
mod derived;
mod errors;
mod extractors;
mod lists;
mod names;
mod parameters;
mod results;
mod signatures;
mod streams;
mod topics;

use serde_json::{Value, json};
use wamp_actix::test::{Call, Client, join};
use wamp_actix::{Error, Handlers, Router};
use wamp_core::__private::HandlerEntry;

/// Joins a client to a router that serves only these handlers.
async fn client(handlers: Handlers) -> Client {
    let router = Router::builder().handlers(handlers).build().unwrap();
    join(&router).await.unwrap()
}

/// Returns the registrations of the listed functions.
#[expect(clippy::needless_pass_by_value, reason = "a list is made in place")]
fn registrations(handlers: Handlers) -> Vec<&'static HandlerEntry> {
    let (registrations, faults) = handlers.resolve();
    assert!(faults.is_empty(), "{faults:?}");
    registrations
}

/// Returns the positional and keyword results of a call.
async fn answer(call: Call) -> (Value, Value) {
    let payload = call.await.unwrap();
    (payload.args().unwrap(), payload.kwargs().unwrap())
}

/// Returns the only positional result of a call.
async fn single(call: Call) -> Value {
    let (args, kwargs) = answer(call).await;
    assert_eq!(kwargs, json!({}));
    let (value,): (Value,) = serde_json::from_value(args).unwrap();
    value
}

/// Returns the text of the `wamp.error.invalid_argument` that answers a call.
async fn refusal(call: Call) -> String {
    let error = call.await.unwrap_err();
    assert_eq!(error.uri(), "wamp.error.invalid_argument");
    text(&error)
}

/// Returns the first argument of an ERROR.
fn text(error: &Error) -> String {
    let (text,): (String,) = error.args().unwrap();
    text
}
