//! The messages that a request becomes: HELLO, CALL, SUBSCRIBE.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use wamp_core::{Limits, Trace, uris};

use super::refusal::Refusal;

/// The id of the only request of a session.
const REQUEST: u8 = 1;

/// The arguments of a call, as JSON.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// A list.
    args: String,
    /// A dict.
    kwargs: String,
}

/// A body that names both lists of arguments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named<'b> {
    #[serde(borrow)]
    args: Option<&'b RawValue>,
    #[serde(borrow)]
    kwargs: Option<&'b RawValue>,
}

/// Checks the type of the body. Pages of other origins cannot send JSON without asking first, so a
/// form of such a page, which has the user's cookies, is refused.
pub(super) fn demand_json(request: &HttpRequest) -> Result<(), Refusal> {
    if single(request.headers(), header::CONTENT_TYPE).is_some_and(is_json) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        uris::INVALID_ARGUMENT,
        "a call needs `Content-Type: application/json`",
    ))
}

impl Query {
    /// Reads the body of a call, which is as long as a message may be, and comes in time.
    pub(super) async fn read(
        request: &HttpRequest,
        body: web::Payload,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let limit = limits.max_message_bytes;
        if declared_length(request.headers()).is_some_and(|length| length > limit as u64) {
            return Err(Refusal::too_long(limit));
        }
        let body = timeout(limits.assembly_timeout, body.to_bytes_limited(limit)).await;
        let body = body.map_err(|_| Refusal::too_slow())?;
        let body = body.map_err(|_| Refusal::too_long(limit))?;
        Self::parse(&body.map_err(|error| Refusal::invalid(error.to_string()))?)
    }

    fn parse(body: &Bytes) -> Result<Self, Refusal> {
        if body.trim_ascii().is_empty() {
            return Ok(Self { args: "[]".into(), kwargs: "{}".into() });
        }
        let body: &RawValue = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("the body is no JSON: {error}")))?;
        match body.get().trim_ascii_start().as_bytes() {
            [b'[', ..] => Ok(Self { args: body.get().to_owned(), kwargs: "{}".into() }),
            [b'{', ..] => Self::of_dict(body.get()),
            _ => Err(Refusal::invalid(
                "the body is a list of arguments, a dict of keyword arguments, or both as \
                 `{\"args\": […], \"kwargs\": {…}}`"
                    .to_owned(),
            )),
        }
    }

    fn of_dict(dict: &str) -> Result<Self, Refusal> {
        let refused = |error: serde_json::Error| Refusal::invalid(error.to_string());
        let keys: BTreeMap<Cow<'_, str>, &RawValue> =
            serde_json::from_str(dict).map_err(refused)?;
        if !keys.contains_key("args") && !keys.contains_key("kwargs") {
            return Ok(Self { args: "[]".into(), kwargs: dict.to_owned() });
        }
        let Named { args, kwargs } = serde_json::from_str(dict).map_err(refused)?;
        let query = Self {
            args: args.map_or("[]", RawValue::get).to_owned(),
            kwargs: kwargs.map_or("{}", RawValue::get).to_owned(),
        };
        if !query.args.starts_with('[') || !query.kwargs.starts_with('{') {
            return Err(Refusal::invalid("`args` is a list, and `kwargs` a dict".to_owned()));
        }
        Ok(query)
    }

    /// Returns the CALL of a procedure.
    pub(super) fn call(&self, procedure: &str, options: &Options) -> String {
        let (Self { args, kwargs }, Options(options)) = (self, options);
        format!("[48,{REQUEST},{options},{},{args},{kwargs}]", quoted(procedure))
    }
}

/// The options of a call, as JSON.
#[derive(Debug)]
pub(super) struct Options(Value);

impl Options {
    /// Returns the options of a request, with the trace context in its headers.
    pub(super) fn of(request: &HttpRequest, is_progressive: bool) -> Self {
        let mut options = json!({});
        if is_progressive {
            options["receive_progress"] = true.into();
        }
        if let Some(trace) = trace(request.headers()) {
            options["_traceparent"] = trace.traceparent().into();
            if let Some(state) = trace.tracestate() {
                options["_tracestate"] = state.into();
            }
        }
        Self(options)
    }
}

/// Returns the W3C trace context in the headers. `tracestate` may be in several lines.
fn trace(headers: &HeaderMap) -> Option<Trace> {
    let parent = single(headers, HeaderName::from_static("traceparent"))?;
    let lines: Result<Vec<_>, _> = headers.get_all("tracestate").map(HeaderValue::to_str).collect();
    Trace::new(parent, lines.ok().map(|lines| lines.join(",")).as_deref())
}

/// Returns the text of a header that is there once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    let value = values.next().filter(|_| values.next().is_none());
    value?.to_str().ok()
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Returns the HELLO of a request. It offers no method of authentication, so that the realm's
/// `Http` methods identify the client, or it is anonymous.
pub(super) fn hello(realm: &str) -> String {
    format!(
        "[1,{},{{\"roles\":{{\"caller\":{{\"features\":{{\"progressive_call_results\":true}}}},\
         \"subscriber\":{{}}}}}}]",
        quoted(realm)
    )
}

/// Returns the SUBSCRIBE to a topic.
pub(super) fn subscribe(topic: &str) -> String {
    format!("[32,{REQUEST},{{}},{}]", quoted(topic))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
