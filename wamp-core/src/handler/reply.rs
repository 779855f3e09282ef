//! The results of a procedure's handler: the shapes of a RESULT.

use std::future::{Ready, ready};
use std::pin::Pin;

use futures_util::future::Either;
use serde::Serialize;

use crate::codec::payload::{Payload, PayloadBuilder};
use crate::codec::raw::Raw;
use crate::codec::serializer::EncodeError;
use crate::codec::value::Format;
use crate::error::Error;
use crate::handler::context::Context;
use crate::message::{ArgumentsWriter, Passthru};

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
    /// Creates a result without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a result for a caller that uses this format.
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

    /// Describes a payload in passthru mode, which has to be one binary argument. A caller that
    /// does not announce `payload_passthru_mode` gets `wamp.error.feature_not_supported` instead
    /// (X-03).
    #[must_use]
    pub fn passthru(self, passthru: Passthru) -> Self {
        Self { passthru: Some(passthru), ..self }
    }

    /// Returns the values, and the description of a payload in passthru mode; for the hosts' test
    /// clients.
    ///
    /// # Errors
    /// A value could not be serialised.
    #[doc(hidden)]
    pub fn into_parts(self) -> Result<(Payload, Option<Passthru>), EncodeError> {
        Ok((self.payload.build()?, self.passthru))
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

/// A future that is ready once everything is sent; boxed for streams only.
pub(crate) type Responding<'a> =
    Either<Ready<Result<(), Error>>, Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>>>;

/// A value that a handler returns as the result of a call.
#[doc(hidden)]
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be the result of a WAMP procedure")]
pub trait IntoReply {
    /// Writes `Arguments` and `ArgumentsKw`.
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError>;

    /// Sends the RESULT, and the progressive results before it.
    fn respond<'a>(self, context: &'a Context) -> Responding<'a>
    where
        Self: Sized + 'a,
    {
        Either::Left(ready(context.reply(self)))
    }

    /// Returns the description of a payload in passthru mode.
    fn passthru(&self) -> Option<Passthru> {
        None
    }
}

impl<T: Serialize> IntoReply for Single<T> {
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        writer.one(&self.0)
    }
}

impl IntoReply for Nothing {
    fn write(self, _: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl IntoReply for Raw<'_> {
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        writer.verbatim(self.encoded())
    }
}

impl<T: Serialize> IntoReply for Args<T> {
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        writer.args(&self.0)
    }
}

impl<T: Serialize> IntoReply for Kwargs<T> {
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        writer.kwargs(&self.0)
    }
}

impl IntoReply for Reply {
    fn write(self, writer: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        writer.payload(&self.payload.build()?)
    }

    fn passthru(&self) -> Option<Passthru> {
        self.passthru.clone()
    }
}
