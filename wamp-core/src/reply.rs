//! What a handler gives back: the shapes of a RESULT, and what accepts a subscription.

use std::any::Any;
use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;

use futures_util::future::Either;
use futures_util::stream::{Stream, StreamExt as _};
use serde::Serialize;

use crate::context::Context;
use crate::encoded::Format;
use crate::error::{Error, WampError};
use crate::guarded::Guarded;
use crate::message::{Passthru, Tail};
use crate::payload::{Payload, PayloadBuilder, Raw};
use crate::serializer::EncodeError;

/// Several positional results: `Args((1, "two"))`.
///
/// ```
/// use wamp_core::Args;
///
/// async fn range() -> Args<(i64, i64)> {
///     Args((1, 6))
/// }
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Args<T>(pub T);

/// Keyword results: the fields of a struct, or the entries of a map.
///
/// ```
/// use serde::Serialize;
/// use wamp_core::Kwargs;
///
/// #[derive(Serialize)]
/// struct Found { title: String }
///
/// async fn find() -> Kwargs<Found> {
///     Kwargs(Found { title: "WAMP".into() })
/// }
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Kwargs<T>(pub T);

/// Any mixture of positional and keyword results.
///
/// ```
/// use wamp_core::Reply;
///
/// async fn divide(a: i64, b: i64) -> Reply {
///     Reply::new().arg(a / b).kwarg("remainder", a % b)
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reply {
    payload: PayloadBuilder,
    passthru: Option<Passthru>,
}

impl Reply {
    /// A result without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For a caller that has this format.
    pub(crate) fn in_format(format: Format) -> Self {
        Self { payload: PayloadBuilder::in_format(format), passthru: None }
    }

    /// Appends a positional result.
    #[must_use]
    pub fn arg(self, value: impl Serialize) -> Self {
        Self { payload: self.payload.arg(value), ..self }
    }

    /// Adds a keyword result.
    #[must_use]
    pub fn kwarg(self, key: &str, value: impl Serialize) -> Self {
        Self { payload: self.payload.kwarg(key, value), ..self }
    }

    /// Says how the payload was made, which has to be one binary argument. A caller that does not announce
    /// `payload_passthru_mode` gets `wamp.error.feature_not_supported` instead (X-03).
    #[must_use]
    pub fn passthru(self, passthru: Passthru) -> Self {
        Self { passthru: Some(passthru), ..self }
    }
}

/// One positional result.
#[doc(hidden)]
#[derive(Debug)]
pub struct Single<T>(pub T);

/// No result.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nothing;

/// Until everything is sent: boxed for streams only.
pub(crate) type Responding<'a> =
    Either<Ready<Result<(), Error>>, Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>>;

/// What a handler's value becomes in a RESULT.
#[doc(hidden)]
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be the result of a WAMP procedure")]
pub trait IntoReply {
    /// Writes `Arguments` and `ArgumentsKw`.
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError>;

    /// Sends the RESULT, and what goes before it.
    fn respond<'a>(self, context: &'a Context) -> Responding<'a>
    where
        Self: Sized + 'a,
    {
        Either::Left(ready(context.reply(self)))
    }

    /// How the payload was made, if it is in passthru mode.
    fn passthru(&self) -> Option<Passthru> {
        None
    }
}

impl<T: Serialize> IntoReply for Single<T> {
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError> {
        tail.one(&self.0)
    }
}

impl IntoReply for Nothing {
    fn write(self, _: &mut Tail<'_>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl IntoReply for Raw<'_> {
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError> {
        tail.verbatim(self.encoded())
    }
}

impl<T: Serialize> IntoReply for Args<T> {
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError> {
        tail.args(&self.0)
    }
}

impl<T: Serialize> IntoReply for Kwargs<T> {
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError> {
        tail.kwargs(&self.0)
    }
}

impl IntoReply for Reply {
    fn write(self, tail: &mut Tail<'_>) -> Result<(), EncodeError> {
        tail.payload(&self.payload.build()?)
    }

    fn passthru(&self) -> Option<Passthru> {
        self.passthru.clone()
    }
}

/// A stream whose items become events of this subscriber alone, until it unsubscribes or leaves.
///
/// A stream that ends leaves the subscription as it is. One that panics, or has an item that cannot be serialised, ends it as
/// [`Subscription::revoke`](crate::Subscription::revoke) does: else its subscriber would wait for events that nobody sends.
///
/// ```
/// use futures_util::stream;
/// use wamp_core::Events;
///
/// async fn countdown() -> Events<impl futures_util::Stream<Item = u32>> {
///     Events(stream::iter([3, 2, 1]))
/// }
/// ```
#[derive(Copy, Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Events<S>(pub S);

/// A value that lives exactly as long as the subscription, or the session: what must happen at the end stands in its `Drop`.
///
/// ```
/// use wamp_core::Hold;
///
/// struct Watching;
/// impl Drop for Watching {
///     fn drop(&mut self) {
///         println!("nobody looks any more");
///     }
/// }
///
/// async fn watch() -> Hold<Watching> {
///     Hold(Watching)
/// }
/// ```
#[derive(Copy, Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Hold<T>(pub T);

/// The state of the topic, sent as the first event (marked `retained`); where the client asked for retained events, these
/// precede it, for they are older. Events that are published while the handler
/// makes it follow it: one may repeat what it shows, none is missing.
///
/// ```
/// use wamp_core::Snapshot;
///
/// async fn prices() -> Snapshot<Vec<u32>> {
///     Snapshot(vec![17, 4])
/// }
/// ```
#[derive(Copy, Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Snapshot<T>(pub T);

pub(crate) type PayloadStream = Pin<Box<dyn Stream<Item = Result<Payload, EncodeError>>>>;

/// A value whose end is the application's business.
pub(crate) type Held = Guarded<Box<dyn Any>>;

/// What a handler attached to a subscription or a session that it accepted.
#[doc(hidden)]
#[derive(Default)]
pub struct Acceptance {
    pub(crate) snapshots: Vec<Payload>,
    pub(crate) streams: Vec<Guarded<PayloadStream>>,
    pub(crate) holds: Vec<Held>,
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance").field("snapshots", &self.snapshots).finish_non_exhaustive()
    }
}

/// What `#[subscribe]` and `#[session]` handlers return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a subscription is accepted",
    label = "expected `()`, `Events`, `Hold`, `Snapshot`, a tuple of these, or a `Result` of one"
)]
pub trait IntoAcceptance {
    /// Adds to what is attached.
    #[doc(hidden)]
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error>;
}

/// What `#[session]` handlers return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a session is accepted",
    label = "expected `()`, `Hold`, or a `Result` of one"
)]
pub trait IntoAdmission: IntoAcceptance {}

impl IntoAdmission for () {}
impl<T: 'static> IntoAdmission for Hold<T> {}
impl<T: IntoAdmission, E: WampError> IntoAdmission for Result<T, E> {}

impl IntoAcceptance for () {
    fn accept(self, _: &mut Acceptance) -> Result<(), Error> {
        Ok(())
    }
}

impl<T: IntoAcceptance, E: WampError> IntoAcceptance for Result<T, E> {
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        self.map_err(|error| error.to_error())?.accept(acceptance)
    }
}

impl<T: 'static> IntoAcceptance for Hold<T> {
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        acceptance.holds.push(Guarded::new(Box::new(self.0)));
        Ok(())
    }
}

impl<T: Serialize> IntoAcceptance for Snapshot<T> {
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        let payload = Payload::builder().arg(self.0).build().map_err(|error| Error::encoding(&error))?;
        acceptance.snapshots.push(payload);
        Ok(())
    }
}

impl<S> IntoAcceptance for Events<S>
where
    S: Stream + 'static,
    S::Item: Serialize,
{
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        let stream = self.0.map(|item| Payload::builder().arg(item).build());
        acceptance.streams.push(Guarded::new(Box::pin(stream)));
        Ok(())
    }
}

macro_rules! accept_tuples {
    ($(($($part:ident),+))+) => {$(
        impl<$($part: IntoAcceptance),+> IntoAcceptance for ($($part,)+) {
            #[expect(non_snake_case, reason = "the parts are named like their types")]
            fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
                let ($($part,)+) = self;
                $($part.accept(acceptance)?;)+
                Ok(())
            }
        }
    )+};
}

accept_tuples! { (A, B) (A, B, C) }
