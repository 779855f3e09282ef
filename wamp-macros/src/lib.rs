//! The attributes of `wamp-actix`, which re-exports them: use that crate, not this one.
//!
//! A handler is expanded in three steps: `attribute`, `parameter` and `uri` parse the user's code;
//! `handler` checks all of it and reports all faults together; `expand` emits the glue and makes no
//! decisions. The derive does the same in `error` and `error::expand`.

mod attribute;
mod conditional;
mod error;
mod expand;
mod faults;
mod handler;
mod krate;
mod lints;
mod parameter;
mod span;
mod uri;

use proc_macro::TokenStream;

use crate::attribute::Kind;

/// Answers calls of a procedure with an `async fn`, or with a plain one that does not block.
///
/// The function itself is unchanged: it can be called directly, for instance in a unit test. It
/// registers itself, and every router that is not built from a list (`handlers!`) serves it.
///
/// ```
/// use serde::Serialize;
/// use wamp_actix::{Args, Error, Kwargs, rpc};
///
/// #[rpc("com.example.add")]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// #[derive(Serialize)]
/// struct Division { quotient: i64, remainder: i64 }
///
/// #[rpc("com.example.divide")]
/// async fn divide(dividend: i64, divisor: i64) -> Result<Kwargs<Division>, Error> {
///     let by_zero = || Error::invalid_argument("division by zero");
///     let quotient = dividend.checked_div(divisor).ok_or_else(by_zero)?;
///     Ok(Kwargs(Division { quotient, remainder: dividend % divisor }))
/// }
/// ```
///
/// # URIs
/// A function may have several URIs, several of these attributes, and attributes of several kinds.
/// A component in braces is a capture, read into the parameter of that name; `{name..}` at the end
/// captures the rest of the URI.
///
/// ```
/// use wamp_actix::rpc;
///
/// #[rpc("users.{name}.greet", "users.{name}.welcome")]
/// #[rpc("staff.{name}.greet", realm = "internal", role = ["admin", "editor"])]
/// async fn greet(name: &str) -> String {
///     format!("Hello, {name}!")
/// }
///
/// #[rpc("files.{path..}")]
/// async fn file(path: String) -> String {
///     format!("contents of {path}")
/// }
/// ```
///
/// # Options
/// - `realm = "…"`: serves only this realm; without it, every realm.
/// - `role = "…"` or `role = ["…", "…"]`: serves only sessions with one of these roles; others get
///   `wamp.error.not_authorized`.
/// - `around = path` or `around = [path, path]`: layers around this handler, the first outermost,
///   inside those of its realm (`RealmBuilder::around`): functions
///   `async fn(Invocation, Next) -> Result<(), Error>`.
/// - `crate = path`: the path of `wamp_actix`, if it is not `::wamp_actix`.
///
/// # Parameters
/// The *type* of a parameter determines its source, through aliases too:
/// 1. it implements `FromContext`: injected (`Session`, `Call`, `Realm`, `Router`, `Progress`,
///    `Chunks`, `Cancelled`, `Passthru`, `Trace`, your own), and an `Option` of it is `None` where
///    the value cannot be made;
/// 2. it is an extractor of actix (`web::Data`, `HttpRequest`, your own): made from the HTTP
///    request of the upgrade. That has no body: `Json`, `Form`, `Bytes` and `Payload` do not
///    compile, other extractors that read one get an empty one. A `web::Path` is part of the
///    endpoint's route, as in a scope `/{tenant}`;
/// 3. anything else that serde deserialises is a capture of the URI, if it is named like one, or an
///    argument: the next by position, or by keyword, where both `document_id` and `documentId` mean
///    the parameter `document_id`.
///
/// An `Option` may be absent. `&str`, `Cow<'_, str>`, `&[u8]` and `Raw<'_>` borrow from the
/// message. Owned bytes are a `Binary`; a `Vec<u8>` is a list of numbers. An attribute of the
/// parameter changes its source:
/// - `#[default]` or `#[default(expr)]`: the value if the argument is absent or null;
/// - `#[kwarg]`: read by keyword only, so that no positional argument goes into it;
/// - `#[arg(name = "$filter")]`, `#[kwarg(name = "$top")]`: the keyword, in place of the
///   parameter's name;
/// - `#[args]`, `#[kwargs]`: all positional or keyword arguments that no other parameter takes;
/// - `#[arg]`, `#[extract]`: the source of a type that is both deserialisable and an extractor;
///   `#[arg]` and `#[kwarg]` can have `#[default]` beside them.
///
/// Only arguments need names: an injected or extracted parameter may be `_: Session` or another
/// pattern.
///
/// ```
/// use wamp_actix::{Binary, Chunks, Error, Session, rpc};
///
/// /// Called as `([chunk], {"name": …})`.
/// #[rpc("com.example.upload")]
/// async fn upload(mut file: Chunks<Binary>, #[kwarg] name: &str) -> Result<String, Error> {
///     let mut bytes = 0;
///     while let Some(chunk) = file.next().await? {
///         bytes += chunk.len();
///     }
///     Ok(format!("{name}: {bytes} bytes"))
/// }
///
/// #[rpc("com.example.find")]
/// fn find(
///     #[arg(name = "$filter")] filter: &str,
///     #[kwarg] #[default(10)] top: u8,
///     _: Session,
/// ) -> String {
///     format!("{top} of {filter}")
/// }
/// ```
///
/// An injected type is never read from a call, not even inside another type: if a `Customer`
/// implements both `FromContext` and `Deserialize`, a parameter of the type `Box<Customer>` or
/// `Vec<Customer>` does not compile. The check sees the types that are written in the signature,
/// but not those behind an alias or in a struct's field, so do not derive `Deserialize` for a type
/// that callers must not supply.
///
/// ```
/// use std::collections::HashMap;
/// use actix_web::web::Data;
/// use wamp_actix::{Raw, Session, rpc};
///
/// #[rpc("com.example.log")]
/// async fn log(
///     text: &str,
///     #[default(1)] level: u8,
///     #[args] more: Vec<Raw<'_>>,
///     #[kwargs] fields: HashMap<String, Raw<'_>>,
///     session: Session,
///     log: Data<Vec<String>>,
/// ) -> String {
///     let others = fields.len() + log.len();
///     format!("{level} {text} by {} with {} and {others}", session.authid(), more.len())
/// }
/// ```
///
/// Parameters for a call in progress:
/// - `Progress<T>` sends progressive results explicitly, before the function returns the final one;
/// - `Chunks<T>` receives a progressive call invocation, whose arguments come in several messages:
///   each is one positional argument, and other parameters are read from the first message. If a
///   handler does not have it, a caller that sends several messages gets
///   `wamp.error.feature_not_supported`;
/// - `Cancelled` tells a handler that the caller does not want the result any more (CANCEL, or a
///   timeout); a handler without it is dropped where it awaits. When the session ends, every
///   handler is dropped;
/// - `Passthru` describes a payload in passthru mode, which is then one binary argument. If a
///   handler does not have it, a caller that sends such a payload gets
///   `wamp.error.feature_not_supported`.
///
/// ```
/// use wamp_actix::{Chunks, Error, Progress, rpc};
///
/// /// The sum so far after each number, and in the end the sum.
/// #[rpc("com.example.sum")]
/// async fn sum(mut numbers: Chunks<i64>, progress: Progress<i64>) -> Result<i64, Error> {
///     let mut sum = 0;
///     while let Some(number) = numbers.next().await? {
///         sum += number;
///         progress.send(sum).await?;
///     }
///     Ok(sum)
/// }
/// ```
///
/// # Result
/// `T: Serialize` is one positional result, `()` none, `Args((a, b))` several, `Kwargs(value)`
/// keywords, `Reply` any mixture; `Result<T, E>` with `E: WampError` is any of these or an ERROR.
///
/// `Progressive(stream)` sends each item as a progressive result and an empty final one after the
/// last; an item is a `T`, or a `Result<T, E>` whose `Err` ends the call. A caller that did not ask
/// for progressive results gets one list of all items, which is limited to the size of a result.
/// Back-pressure of a slow caller pauses the stream.
///
/// ```
/// use futures_util::{Stream, stream};
/// use wamp_actix::{Progressive, rpc};
///
/// #[rpc("com.example.countdown")]
/// async fn countdown(n: u32) -> Progressive<impl Stream<Item = u32>> {
///     Progressive(stream::iter((1..=n).rev()))
/// }
/// ```
///
/// # Not a handler
/// Methods and generic functions cannot be handlers: annotate a function of one line that calls
/// them.
///
/// ```
/// use actix_web::web::Data;
/// use wamp_actix::rpc;
///
/// struct Counter { step: u64 }
///
/// impl Counter {
///     async fn next<T: Into<u64>>(&self, after: T) -> u64 {
///         after.into() + self.step
///     }
/// }
///
/// #[rpc("com.example.next")]
/// async fn next(counter: Data<Counter>, after: u32) -> u64 {
///     counter.next(after).await
/// }
/// ```
#[proc_macro_attribute]
pub fn rpc(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::annotate(Kind::Rpc, &arguments.into(), &item.into()).into()
}

/// Decides about subscriptions to a topic with an `async fn`, which runs once for each.
///
/// It takes the URIs and options of [`macro@rpc`]. A SUBSCRIBE carries no arguments: parameters are
/// injected (`Subscription` too), extracted, or captures of the topic. `()` accepts the
/// subscription, `Err` refuses it; `Events`, `Hold`, `Snapshot` and tuples of these accept it and
/// attach something. An item of `Events` is a `T`, or a `Result<T, E>`, whose first `Err` ends the
/// subscription; the value of a `Snapshot` may be a `Result` too, whose `Err` refuses the
/// subscription. For that, `Events` and `Snapshot` have to be the function's return type or an
/// element of its tuple, not in a tuple inside that nor behind `impl IntoAcceptance`.
///
/// ```
/// use futures_util::{Stream, stream};
/// use wamp_actix::{Error, Events, Session, subscribe};
///
/// #[subscribe("chat.{room}")]
/// async fn chat(room: &str, session: Session) -> Result<(), Error> {
///     if room == "staff" && session.authrole() != "staff" {
///         return Err(Error::not_authorized("for staff only"));
///     }
///     Ok(())
/// }
///
/// #[subscribe("countdown")]
/// async fn countdown() -> Events<impl Stream<Item = u32>> {
///     Events(stream::iter([3, 2, 1]))
/// }
/// ```
#[proc_macro_attribute]
pub fn subscribe(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::annotate(Kind::Subscribe, &arguments.into(), &item.into()).into()
}

/// Decides about each event that a client publishes to a topic with an `async fn`, in the
/// publisher's order.
///
/// It takes the URIs, options and parameters of [`macro@rpc`], and `Publication`. `()` and `Ok(())`
/// pass the event to the subscribers, `Err` refuses it. If the handler reads arguments, an event
/// with arguments that it does not read is refused; if it reads none, an event may have any.
///
/// With `retain = true` publishers may have their events retained (option `retain` of PUBLISH): a
/// later subscriber that asks for it (`get_retained`) is sent the most recent one. Without it, an
/// event with that option is delivered and not retained.
///
/// The attribute permits no SUBSCRIBE. With `subscribe = true` it also opens its topics to
/// subscribers, without a `#[subscribe]` handler: to every session of `realm` with one of the roles
/// in `role`, as for publishers.
///
/// ```
/// use wamp_actix::{Error, publish};
///
/// #[publish("lamp.{room}", retain = true, subscribe = true)]
/// async fn lamp(room: &str, is_on: bool) {
///     println!("{room}: {is_on}");
/// }
///
/// #[publish("chat.{room}")]
/// async fn say(room: &str, text: &str) -> Result<(), Error> {
///     if text.len() > 1000 {
///         return Err(Error::invalid_argument(format_args!("too long for {room}")));
///     }
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn publish(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::annotate(Kind::Publish, &arguments.into(), &item.into()).into()
}

/// Runs an `async fn` when a session opens.
///
/// It takes the options of [`macro@rpc`], and no URI. Parameters are injected or extracted. `()`
/// admits the session, `Hold(value)` also keeps a value until the session ends, `Err` refuses the
/// session.
///
/// ```
/// use wamp_actix::{Error, Hold, Session, session};
///
/// struct Online(String);
///
/// impl Drop for Online {
///     fn drop(&mut self) {
///         println!("{} has left", self.0);
///     }
/// }
///
/// #[session(realm = "customers")]
/// async fn join(session: Session) -> Result<Hold<Online>, Error> {
///     Ok(Hold(Online(session.authid().to_owned())))
/// }
/// ```
#[proc_macro_attribute]
pub fn session(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::annotate(Kind::Session, &arguments.into(), &item.into()).into()
}

/// Implements `WampError` for an enum of errors, or a struct: its form as an ERROR.
///
/// Each variant has one of:
/// - `#[wamp("com.example.error.name")]`: the ERROR's URI. The `Display` of the error is its first
///   positional argument, the named fields are its keywords, except those with `#[wamp(skip)]`.
///   Fields without names are not sent;
///   With `status = 404` the type is also a `ResponseError` of actix, which needs `Debug`, for
///   routes that return it: `{"error": uri, "args": …, "kwargs": …}` with this status, 422 for a
///   variant that has none, 500 and no text for an internal one;
/// - `#[wamp(transparent)]`: sends the error in the only field, which must implement `WampError`
///   itself;
/// - `#[wamp(internal)]`: `wamp.error.runtime_error` with a neutral text; the `Display` is logged.
///
/// The type must implement `Display`, and the fields that are sent `Serialize`. For `?` into
/// `wamp_actix::Error` it must implement `std::error::Error`; it keeps its WAMP form there unless
/// it is generic. `#[wamp(crate = path)]` on the type is the path of `wamp_actix`.
///
/// ```
/// use wamp_actix::{Error, WampError, rpc};
///
/// #[derive(Debug, thiserror::Error, WampError)]
/// enum DocError {
///     #[error("there is no document {document_id}")]
///     #[wamp("com.example.error.not_found", status = 404)]
///     NotFound { document_id: String },
///
///     #[error("the store failed: {cause}")]
///     #[wamp(internal)]
///     Store { cause: String },
///
///     #[error("not allowed")]
///     #[wamp(transparent)]
///     Refused(Error),
/// }
///
/// #[rpc("com.example.get")]
/// async fn get(document_id: String) -> Result<String, DocError> {
///     Err(DocError::NotFound { document_id })
/// }
///
/// let error = DocError::NotFound { document_id: "x".into() }.to_error();
/// assert_eq!(error.uri(), "com.example.error.not_found");
/// ```
#[proc_macro_derive(WampError, attributes(wamp))]
pub fn wamp_error(item: TokenStream) -> TokenStream {
    error::derive(item.into()).into()
}
