//! Errors: their URIs, the WAMP ERROR of a handler, and a client's protocol violation.

mod fault;
mod known;
pub(crate) mod panic;
mod violation;

use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt::{self, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::odd::Oddity;
use crate::codec::payload::{DecodeError, Payload, PayloadBuilder};
use crate::codec::serializer::EncodeError;
use crate::log;

pub(crate) use fault::Fault;
pub use known::{Derived, KnownError, NotStd};
pub(crate) use violation::{Breach, Violation};

/// The URIs of the specification that this server sends.
pub mod uris {
    /// The credentials are wrong or unknown; ABORT only.
    pub const AUTHENTICATION_DENIED: &str = "wamp.error.authentication_denied";
    /// Authentication itself failed, or took too long; ABORT only.
    pub const AUTHENTICATION_FAILED: &str = "wamp.error.authentication_failed";
    /// The realm requires credentials; ABORT only.
    pub const AUTHENTICATION_REQUIRED: &str = "wamp.error.authentication_required";
    /// The authoriser failed.
    pub const AUTHORIZATION_FAILED: &str = "wamp.error.authorization_failed";
    /// The call was cancelled, or its callee left.
    pub const CANCELED: &str = "wamp.error.canceled";
    /// The other side of a call lacks a feature that it needs.
    pub const FEATURE_NOT_SUPPORTED: &str = "wamp.error.feature_not_supported";
    /// Arguments do not fit the procedure, or failed validation.
    pub const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
    /// A result cannot be written in the caller's serializer, or a payload cannot be passed on to
    /// other clients (used by implementations, not in the specification).
    pub const INVALID_PAYLOAD: &str = "wamp.error.invalid_payload";
    /// A procedure, topic or realm is not a valid URI.
    pub const INVALID_URI: &str = "wamp.error.invalid_uri";
    /// The action is denied, or no handler declares the topic.
    pub const NOT_AUTHORIZED: &str = "wamp.error.not_authorized";
    /// No such procedure is registered.
    pub const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
    /// The realm does not exist.
    pub const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
    /// The role that was asked for does not exist; ABORT only.
    pub const NO_SUCH_ROLE: &str = "wamp.error.no_such_role";
    /// UNREGISTER for a registration that the session does not hold.
    pub const NO_SUCH_REGISTRATION: &str = "wamp.error.no_such_registration";
    /// The meta API was asked about a session that does not exist.
    pub const NO_SUCH_SESSION: &str = "wamp.error.no_such_session";
    /// UNSUBSCRIBE for a subscription that the session does not hold.
    pub const NO_SUCH_SUBSCRIPTION: &str = "wamp.error.no_such_subscription";
    /// The realm requires an authentication method that the client does not offer.
    pub const NO_MATCHING_AUTH_METHOD: &str = "wamp.error.no_matching_auth_method";
    /// An option was refused by policy, or asks for a feature that is not announced.
    pub const OPTION_NOT_ALLOWED: &str = "wamp.error.option_not_allowed";
    /// The realm does not let publishers disclose who they are (N-02).
    pub const OPTION_DISALLOWED_DISCLOSE_ME: &str = "wamp.error.option_disallowed.disclose_me";
    /// REGISTER for a procedure that is registered already.
    pub const PROCEDURE_ALREADY_EXISTS: &str = "wamp.error.procedure_already_exists";
    /// A result or an event exceeds the size limit.
    pub const PAYLOAD_SIZE_EXCEEDED: &str = "wamp.error.payload_size_exceeded";
    /// The peer violated the protocol; ABORT only.
    pub const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";
    /// A handler failed or panicked (a convention of the implementations, D-22).
    pub const RUNTIME_ERROR: &str = "wamp.error.runtime_error";
    /// The call took longer than its timeout.
    pub const TIMEOUT: &str = "wamp.error.timeout";
    /// Too much is in flight already.
    pub const UNAVAILABLE: &str = "wamp.error.unavailable";

    /// The server is shutting down.
    pub const SYSTEM_SHUTDOWN: &str = "wamp.close.system_shutdown";
    /// The answer to a GOODBYE.
    pub const GOODBYE_AND_OUT: &str = "wamp.close.goodbye_and_out";
    /// The session ends for no particular reason.
    pub const NORMAL: &str = "wamp.close.normal";
    /// The session was ended by another session or by the application.
    pub const KILLED: &str = "wamp.close.killed";
}

/// An error type of the application with a WAMP form; `#[derive(WampError)]` implements it for an
/// enum.
///
/// A handler can return it directly. For `?` into [`Error`] a hand-written implementation, of a
/// type that is a `std::error::Error`, is registered with `wamp_actix::wamp_error!(OutOfStock);`.
///
/// ```
/// use wamp_core::{Error, WampError};
///
/// struct OutOfStock { left: u32 }
///
/// impl WampError for OutOfStock {
///     fn to_error(&self) -> Error {
///         Error::new("shop.error.out_of_stock").arg("out of stock").kwarg("left", self.left)
///     }
/// }
/// assert_eq!(OutOfStock { left: 0 }.to_error().uri(), "shop.error.out_of_stock");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a WAMP error",
    label = "a handler's error must implement `WampError`",
    note = "derive it (`#[derive(WampError)]` with `#[wamp(\"app.error.name\")]` on each \
        variant), or return `wamp_actix::Error`, into which `?` turns any `std::error::Error`",
    note = "written by hand: `wamp_actix::wamp_error!(Type);` beside it, so that `?` into \
        `wamp_actix::Error` keeps its URI"
)]
pub trait WampError {
    /// Returns the ERROR that the client gets.
    fn to_error(&self) -> Error;
}

impl WampError for Infallible {
    fn to_error(&self) -> Error {
        match *self {}
    }
}

impl WampError for Error {
    fn to_error(&self) -> Error {
        self.clone()
    }
}

/// A WAMP ERROR: a URI with positional and keyword arguments.
///
/// `?` converts any `std::error::Error` into one, and any other type that converts into a
/// `Box<dyn std::error::Error>`, as `anyhow::Error` does. A type with `#[derive(WampError)]`, or
/// named in `wamp_actix::wamp_error!`, keeps its URI and arguments, also as the source of another
/// error; any other becomes `wamp.error.runtime_error` with a neutral text, while its own text goes
/// to the log.
///
/// ```
/// use wamp_core::Error;
///
/// fn parse(text: &str) -> Result<i32, Error> {
///     Ok(text.parse::<i32>()?)
/// }
/// assert_eq!(parse("x").unwrap_err().uri(), "wamp.error.runtime_error");
/// ```
// Boxed, because it is part of the result of every step of a call.
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone)]
struct Parts {
    uri: Cow<'static, str>,
    payload: PayloadBuilder,
    /// The status over HTTP, if the application has chosen one.
    status: Option<u16>,
    /// `None` if the server is not to blame.
    fault: Option<Fault>,
    /// An authoriser has denied a request with it.
    is_denial: bool,
}

impl Error {
    /// Creates an error with this URI, without arguments. A text that is not a URI never leaves the
    /// server: the client gets `wamp.error.runtime_error` with the same arguments, and the log
    /// names the text.
    #[must_use]
    pub fn new(uri: impl Into<Cow<'static, str>>) -> Self {
        let (payload, uri) = (PayloadBuilder::default(), uri.into());
        Self(Box::new(Parts { uri, payload, status: None, fault: None, is_denial: false }))
    }

    /// Creates `wamp.error.invalid_argument` with a text that says what was expected.
    #[must_use]
    pub fn invalid_argument(text: impl Display) -> Self {
        Self::new(uris::INVALID_ARGUMENT).arg(text.to_string())
    }

    /// Creates `wamp.error.not_authorized` with a text that says what is not allowed.
    #[must_use]
    pub fn not_authorized(text: impl Display) -> Self {
        Self::new(uris::NOT_AUTHORIZED).arg(text.to_string())
    }

    /// Creates `wamp.error.runtime_error` with a neutral text. When it is sent to a client, the
    /// cause goes to the log, under an id that the text repeats.
    #[must_use]
    pub fn internal(cause: impl Display) -> Self {
        Self::internal_of(cause, None)
    }

    /// Creates the [internal](Self::internal) error for a handler's parameter of this type, for
    /// which the host has no value.
    #[doc(hidden)]
    #[must_use]
    pub fn no_value(cause: impl Display, extractor: &'static str) -> Self {
        Self::internal_of(cause, Some(extractor))
    }

    fn internal_of(cause: impl Display, extractor: Option<&'static str>) -> Self {
        let id = format!("{:08x}", rand::random::<u32>());
        let text = format!("internal error {id}");
        let mut error = Self::new(uris::RUNTIME_ERROR).arg(text);
        error.0.fault = Some(Fault::with_id(id, cause, extractor));
        error
    }

    /// Blames the server: when the error is sent to a client, this cause goes to the log.
    pub(crate) fn blamed(mut self, cause: impl Display) -> Self {
        self.0.fault = Some(Fault::new(cause));
        self
    }

    /// Blames no one, because a client's values are the cause.
    pub(crate) fn blameless(mut self) -> Self {
        self.0.fault = None;
        self
    }

    /// Returns the cause, if the server is to blame.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }

    /// Returns the cause of an error that is the server's fault: the text of an application's error
    /// that `?` converted, or of a panic. No client learns it.
    ///
    /// It goes to the log when the error is sent; who handles the error instead may log it.
    ///
    /// ```
    /// use wamp_core::Error;
    ///
    /// let error = Error::from(std::io::Error::other("the disk is full"));
    /// assert_eq!(error.cause(), Some("the disk is full"));
    /// assert_eq!(Error::new("shop.error.closed").cause(), None);
    /// ```
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.fault().map(Fault::cause)
    }

    /// Creates the ERROR for a feature that one side of a call lacks (PI-03, X-03).
    pub(crate) fn feature_not_supported(text: &'static str) -> Self {
        Self::new(uris::FEATURE_NOT_SUPPORTED).arg(text)
    }

    /// Creates the ERROR for a procedure that is not registered (C-03).
    pub(crate) fn no_such_procedure(uri: &str) -> Self {
        Self::new(uris::NO_SUCH_PROCEDURE)
            .arg(format!("there is no procedure `{}`", shortened(uri)))
    }

    /// Creates the ERROR for a procedure or topic that is not a URI (U-03), or is reserved for the
    /// protocol (U-06).
    pub(crate) fn invalid_uri(uri: &str) -> Self {
        Self::new(uris::INVALID_URI)
            .arg(format!("`{}` is not a URI that can be used here", shortened(uri)))
    }

    /// Creates the ERROR for a value that its receiver's serializer cannot express.
    pub(crate) fn encoding(error: &EncodeError) -> Self {
        Self::new(uris::INVALID_PAYLOAD)
            .arg("a value cannot be serialised")
            .blamed(format_args!("a value of the application cannot be serialised: {error}"))
    }

    /// Creates the ERROR for a payload that cannot be passed on to other clients.
    pub(crate) fn odd(oddity: Oddity) -> Self {
        Self::new(uris::INVALID_PAYLOAD).arg(oddity.text())
    }

    /// Creates the ERROR for a result beyond the size limit (T-21).
    pub(crate) fn too_long(bytes: usize, limit: usize) -> Self {
        Self::new(uris::PAYLOAD_SIZE_EXCEEDED)
            .arg(format!("the result has {bytes} bytes, the limit is {limit}"))
    }

    /// Creates the ERROR for a handler that panicked, without the panic's text (C-06).
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let mut error = Self::internal(format_args!("panic: {}", panic::text(panic)));
        error.0.fault = error.0.fault.map(Fault::of_panic);
        error
    }

    /// Appends a positional argument.
    #[must_use]
    pub fn arg(mut self, value: impl Serialize) -> Self {
        self.0.payload = self.0.payload.arg(value);
        self
    }

    /// Adds a keyword argument.
    #[must_use]
    pub fn kwarg(mut self, key: &str, value: impl Serialize) -> Self {
        self.0.payload = self.0.payload.kwarg(key, value);
        self
    }

    /// Sets the status that the error has over HTTP, from 400 to 599; any other number sets none.
    /// Clients of WAMP do not see it.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status).filter(|status| (400..600).contains(status));
        self
    }

    /// Makes it the denial of an authoriser, whatever its URI.
    pub(crate) fn denying(mut self) -> Self {
        self.0.is_denial = true;
        self
    }

    pub(crate) fn is_denial(&self) -> bool {
        self.0.is_denial
    }

    /// Returns the status that the error has over HTTP, if the application has chosen one.
    ///
    /// ```
    /// use wamp_core::Error;
    ///
    /// let error = Error::new("shop.error.not_found").with_status(404);
    /// assert_eq!(error.status(), Some(404));
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the error's URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.0.uri
    }

    /// Reads the positional arguments as a list.
    ///
    /// # Errors
    /// The arguments have other types.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.payload().args()
    }

    /// Reads the keyword arguments as a dict.
    ///
    /// # Errors
    /// The arguments have other types.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.payload().kwargs()
    }

    /// Returns the arguments. If one could not be serialised, returns an empty payload and logs the
    /// reason.
    pub(crate) fn payload(&self) -> Payload {
        self.0.payload.clone().build().unwrap_or_else(|fault| {
            tracing::error!(
                target: log::CALL,
                uri = ?shortened(&self.0.uri),
                %fault,
                "the arguments of an error cannot be serialised"
            );
            Payload::empty()
        })
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.uri, self.payload())
    }
}

/// Writes the same as `Display`, which `unwrap` shows in a test.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Converts an application's error. The value, or the first of its sources, whose type has
/// `#[derive(WampError)]` or stands in `wamp_actix::wamp_error!` keeps its URI and arguments. Any
/// other becomes [`Error::internal`].
impl<E: Into<Box<dyn StdError>> + 'static> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Self {
        known::converted(error)
    }
}

/// Cuts a client's text to a length that is fit for a log line.
pub(crate) fn shortened(text: &str) -> &str {
    text.char_indices().nth(64).map_or(text, |(end, _)| &text[..end])
}

/// Returns the text of the error and of its sources, for the log.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
