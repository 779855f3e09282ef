//! Converts the return value of a handler into the answer that the client gets.
//!
//! Generic code on stable Rust cannot ask which traits a type has. But for a concrete type, as in
//! an expansion, an inherent method takes precedence over a trait's. So
//! `Outcome(value).into_result()` unwraps a `Result` and leaves every other value unchanged, and
//! `Outcome(value).reply()` tells our wrappers from a value that is serialised.

use std::convert::Infallible;
use std::fmt::Display;

use futures_util::stream::Stream;
use serde::{Serialize, Serializer};

use crate::codec::raw::Raw;
use crate::codec::serializer::EncodeError;
use crate::error::{Error, WampError};
use crate::handler::acceptance::{
    Acceptance, Emitted, Events, IntoAcceptance, IntoAdmission, Shown, Snapshot,
};
use crate::handler::context::Context;
use crate::handler::progressive::{Progressive, Streamed};
use crate::handler::reply::{Args, IntoReply, Kwargs, Nothing, Reply, Responding, Single};
use crate::message::ArgumentsWriter;

/// The return value of a handler.
#[derive(Debug)]
pub struct Outcome<T>(pub T);

/// The methods of outcomes without inherent ones.
pub trait Plain<T>: Sized {
    /// Returns the value, which is not a `Result`.
    ///
    /// # Errors
    /// None.
    fn into_result(self) -> Result<T, Infallible>;

    /// Returns the value, which is not a stream of results; `_item` would convert its items.
    fn items<R>(self, _item: impl FnMut(T) -> R) -> T;

    /// Returns the value, which has no events of a subscription; otherwise as `items`.
    fn events<R>(self, _item: impl FnMut(T) -> R) -> T;

    /// Returns the value as an item of a stream.
    fn item(self) -> T;

    /// Returns the value, which is not a tuple, and nothing else to attach to a subscription.
    fn parts(self) -> (T, (), ());

    /// Returns the value as the only positional result.
    fn reply(self) -> Single<T>;
}

impl<T> Plain<T> for Outcome<T> {
    fn into_result(self) -> Result<T, Infallible> {
        Ok(self.0)
    }

    fn items<R>(self, _item: impl FnMut(T) -> R) -> T {
        self.0
    }

    fn events<R>(self, _item: impl FnMut(T) -> R) -> T {
        self.0
    }

    fn item(self) -> T {
        self.0
    }

    fn parts(self) -> (T, (), ()) {
        (self.0, (), ())
    }

    fn reply(self) -> Single<T> {
        Single(self.0)
    }
}

// Without bounds on `T` and `E`, so that `respond` reports the only error about them.
#[expect(missing_docs, reason = "as in `Plain`")]
impl<S: Stream> Outcome<Progressive<S>> {
    pub fn items<T, E>(self, item: fn(S::Item) -> Result<T, E>) -> Streamed<S, T, E> {
        Streamed(self.0, item)
    }
}

// Without bounds, as those of `Progressive`.
#[expect(missing_docs, reason = "as in `Plain`")]
impl<S: Stream> Outcome<Events<S>> {
    pub fn events<T, E>(self, item: fn(S::Item) -> Result<T, E>) -> Emitted<S, T, E> {
        Emitted(self.0, item)
    }
}

// Without bounds, as those of `Progressive`.
#[expect(missing_docs, reason = "as in `Plain`")]
impl<V> Outcome<Snapshot<V>> {
    pub fn events<T, E>(self, item: impl FnOnce(V) -> Result<T, E>) -> Shown<T, E> {
        let Snapshot(value) = self.0;
        Shown(item(value))
    }
}

#[expect(missing_docs, reason = "as in `Plain`")]
impl<A, B> Outcome<(A, B)> {
    pub fn parts(self) -> (A, B, ()) {
        let (a, b) = self.0;
        (a, b, ())
    }
}

#[expect(missing_docs, reason = "as in `Plain`")]
impl<A, B, C> Outcome<(A, B, C)> {
    pub fn parts(self) -> (A, B, C) {
        self.0
    }
}

// Without a bound on `E`: an `Err` must never be sent as a value, although serde could serialise
// it.
#[expect(missing_docs, reason = "as in `Plain`")]
#[expect(clippy::missing_errors_doc, reason = "as in `Plain`")]
impl<T, E> Outcome<Result<T, E>> {
    pub fn into_result(self) -> Result<T, E> {
        self.0
    }

    // For an item that is in a `Result` already.
    pub fn item(self) -> Nested<T, E> {
        Nested(self.0)
    }

    pub fn reply(self) -> Nested<T, E> {
        Nested(self.0)
    }
}

/// A `Result` inside a `Result` that a handler, its stream or its snapshot returned. It is not
/// sent, because its `Err` would become a value in a RESULT or an EVENT.
#[derive(Debug)]
pub struct Nested<T, E>(pub Result<T, E>);

/// Implemented for no `Result`: its message says what to do about a nested one.
#[diagnostic::on_unimplemented(
    message = "a `Result` inside a `Result` cannot be sent to a client: its `Err` would go out as \
        a value",
    label = "flatten it with `?` or `and_then`, so that there is one `Result` with one error type"
)]
pub trait Flat {}

impl<T, E> IntoReply for Nested<T, E>
where
    Result<T, E>: Flat,
{
    fn write(self, _: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Serialises an item of a stream, or a snapshot.
impl<T, E> Serialize for Nested<T, E>
where
    Result<T, E>: Flat,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// Implemented for no type: its message says what is wrong with a [`Progressive`] that is left
/// after its stream was taken.
#[diagnostic::on_unimplemented(
    message = "`Progressive` sends the items of a stream, and `{Self}` is no `futures::Stream`",
    label = "for the values of an iterator, `Progressive(futures::stream::iter(values))`"
)]
pub trait Streams {}

impl<S: Streams> IntoReply for Progressive<S> {
    fn write(self, _: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Implemented for no type: its message says what is wrong with [`Events`] that are left after the
/// streams of a handler's outcome were taken.
#[diagnostic::on_unimplemented(
    message = "`Events<{Self}>` cannot be attached to a subscription here",
    label = "`Events` takes a `futures::Stream`, and is what the handler returns, or a part of \
        its tuple: not hidden behind `impl IntoAcceptance`, and not in a tuple of a tuple",
    note = "for the values of an iterator, `Events(futures::stream::iter(values))`"
)]
pub trait Attachable {}

impl<S: Attachable> IntoAcceptance for Events<S> {
    fn accept(self, _: &mut Acceptance) -> Result<(), Error> {
        Ok(())
    }
}

/// Implemented for no type: its message says what is wrong with a [`Snapshot`] that is left after
/// those of a handler's outcome were taken.
#[diagnostic::on_unimplemented(
    message = "`Snapshot<{Self}>` cannot be attached to a subscription here",
    label = "`Snapshot` is what the handler returns, or a part of its tuple: not hidden behind \
        `impl IntoAcceptance`, and not in a tuple of a tuple",
    note = "elsewhere an `Err` in it would go out as an event"
)]
pub trait Showable {}

impl<T: Showable> IntoAcceptance for Snapshot<T> {
    fn accept(self, _: &mut Acceptance) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! replies {
    ($([$($generics:tt)*] $outcome:ty => $reply:ty, $make:expr;)+) => {$(
        #[expect(missing_docs, reason = "as in `Plain`")]
        impl<$($generics)*> Outcome<$outcome> {
            pub fn reply(self) -> $reply {
                $make(self.0)
            }
        }
    )+};
}

replies! {
    [] () => Nothing, |()| Nothing;
    ['f] Raw<'f> => Raw<'f>, std::convert::identity;
    [T] Args<T> => Args<T>, std::convert::identity;
    [T] Kwargs<T> => Kwargs<T>, std::convert::identity;
    [] Reply => Reply, std::convert::identity;
    [S] Progressive<S> => Progressive<S>, std::convert::identity;
    [S: Stream, T, E] Streamed<S, T, E> => Streamed<S, T, E>, std::convert::identity;
}

/// Sends the RESULT of a call.
///
/// # Errors
/// `wamp.error.invalid_payload`, `wamp.error.payload_size_exceeded`.
pub fn reply<R: IntoReply>(context: &Context, reply: R) -> Result<(), Error> {
    context.reply(reply)
}

/// Sends the RESULT of a call, and the progressive results before it.
///
/// The future has one type for all outcomes, because the compiler would repeat an error about a
/// type inside of it at each `await`.
pub fn respond<'a, R: IntoReply + 'a>(context: &'a Context, outcome: R) -> Responding<'a> {
    outcome.respond(context)
}

/// Returns the WAMP form of a handler's error.
pub fn error<E: WampError>(error: &E) -> Error {
    error.to_error()
}

/// Returns the text of a derived error, which must be `Display`.
pub fn text<E: Display>(error: &E) -> String {
    error.to_string()
}

/// Returns the values that a `#[subscribe]` handler attached.
///
/// # Errors
/// The handler's own.
pub fn accept<A: IntoAcceptance>(outcome: A) -> Result<Acceptance, Error> {
    let mut acceptance = Acceptance::default();
    outcome.accept(&mut acceptance)?;
    Ok(acceptance)
}

/// Returns the values that a `#[subscribe]` handler attached, part by part.
///
/// # Errors
/// Those of the parts.
pub fn attach(
    first: impl IntoAcceptance,
    second: impl IntoAcceptance,
    third: impl IntoAcceptance,
) -> Result<Acceptance, Error> {
    accept((first, second, third))
}

/// Returns the values that a `#[session]` handler attached.
///
/// # Errors
/// The handler's own.
pub fn admit<A: IntoAdmission>(outcome: A) -> Result<Acceptance, Error> {
    accept(outcome)
}

/// The return type of `#[publish]` handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether an event goes out",
    label = "expected `()`, or `Result<(), E>` whose `Err` refuses the event"
)]
pub trait IntoPermission {
    /// Permits the event.
    ///
    /// # Errors
    /// The handler's own: the event is refused.
    fn permit(self) -> Result<(), Error>;
}

impl IntoPermission for () {
    fn permit(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<E: WampError> IntoPermission for Result<(), E> {
    fn permit(self) -> Result<(), Error> {
        self.map_err(|error| error.to_error())
    }
}

/// Returns `Ok` if a `#[publish]` handler permits the event.
///
/// # Errors
/// The handler's own.
pub fn permit<P: IntoPermission>(outcome: P) -> Result<(), Error> {
    outcome.permit()
}
