//! Values that a handler attaches to a subscription or a session that it accepts.

use std::any::Any;
use std::fmt;
use std::pin::Pin;

use futures_util::stream::{Stream, StreamExt as _};
use serde::Serialize;

use crate::codec::payload::Payload;
use crate::error::panic::CatchDrop;
use crate::error::{Error, WampError};

/// A stream whose items become events for this one subscriber, until it unsubscribes or leaves.
///
/// An item is a `T`, or a `Result<T, E>` whose error is a [`WampError`](crate::WampError).
///
/// A stream that ends leaves the subscription unchanged. A stream that fails ends it as
/// [`Subscription::revoke`](crate::Subscription::revoke) does: otherwise its subscriber would wait
/// for events that never come. It fails with its first `Err`, with an item that cannot be
/// serialised, and when it panics. The reason that the client gets is the error's URI, if it is the
/// application's own, or else its text. The log names the subscription, its topic and the error.
///
/// ```
/// use futures_util::stream;
/// use wamp_core::Events;
///
/// async fn countdown() -> Events<impl futures_util::Stream<Item = u32>> {
///     Events(stream::iter([3, 2, 1]))
/// }
/// ```
///
/// A subscription that is revoked when the sensor fails:
///
/// ```
/// use futures_util::{Stream, StreamExt as _, stream};
/// use wamp_core::{Error, Events};
///
/// # async fn read_sensor() -> Option<f64> { None }
/// async fn temperature() -> Events<impl Stream<Item = Result<f64, Error>>> {
///     let lost = || Error::new("com.example.error.sensor_lost");
///     let read = move |()| async move { read_sensor().await.ok_or_else(lost) };
///     Events(stream::repeat(()).then(read))
/// }
/// ```
#[derive(Copy, Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Events<S>(pub S);

/// Events, with the function that converts their items.
#[doc(hidden)]
#[derive(Debug)]
pub struct Emitted<S: Stream, T, E>(pub Events<S>, pub fn(S::Item) -> Result<T, E>);

/// A value that is dropped when the subscription or the session ends; put what has to happen then
/// into its `Drop`.
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

/// The state of the topic, sent as the first event (marked `retained`), but after retained events
/// that the client asked for, because these are older. Events that are published while the handler
/// runs follow it: one may repeat what it shows, none is missing.
///
/// The state is a `T`, or a `Result<T, E>` whose error is a [`WampError`](crate::WampError): an
/// `Err` refuses the subscription with that error.
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

/// A snapshot whose value was converted. As its own type it is no `Result` that serde would write.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shown<T, E>(pub Result<T, E>);

pub(crate) type PayloadStream = Pin<Box<dyn Stream<Item = Result<Payload, Error>>>>;

/// A value of the application that is held until the end.
pub(crate) type Held = CatchDrop<Box<dyn Any>>;

/// The values that a handler attached to a subscription or a session that it accepted.
#[doc(hidden)]
#[derive(Default)]
pub struct Acceptance {
    pub(crate) snapshots: Vec<Payload>,
    pub(crate) streams: Vec<CatchDrop<PayloadStream>>,
    pub(crate) holds: Vec<Held>,
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance").field("snapshots", &self.snapshots).finish_non_exhaustive()
    }
}

/// The return type of `#[subscribe]` and `#[session]` handlers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a subscription is accepted",
    label = "expected `()`, `Events`, `Hold`, `Snapshot`, a tuple of these, or a `Result` of one"
)]
pub trait IntoAcceptance {
    /// Adds the value to those that are attached.
    #[doc(hidden)]
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error>;
}

/// The return type of `#[session]` handlers.
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
        acceptance.holds.push(CatchDrop::new(Box::new(self.0)));
        Ok(())
    }
}

impl<T: Serialize, E: WampError> IntoAcceptance for Shown<T, E> {
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        acceptance.snapshots.push(event(self.0)?);
        Ok(())
    }
}

impl<S, T, E> IntoAcceptance for Emitted<S, T, E>
where
    S: Stream + 'static,
    T: Serialize + 'static,
    E: WampError + 'static,
{
    fn accept(self, acceptance: &mut Acceptance) -> Result<(), Error> {
        let Self(Events(stream), item) = self;
        let stream = stream.map(move |next| event(item(next)));
        acceptance.streams.push(CatchDrop::new(Box::pin(stream)));
        Ok(())
    }
}

/// Returns the payload of an event with this value.
fn event<T: Serialize, E: WampError>(value: Result<T, E>) -> Result<Payload, Error> {
    let value = value.map_err(|error| error.to_error())?;
    Payload::builder().arg(value).build().map_err(|error| Error::encoding(&error))
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
