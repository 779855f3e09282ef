//! The kinds of a handler's parameters, told by their types: injected, read from the call, or
//! extracted by actix.
//!
//! An inherent associated constant takes precedence over a trait's of the same name, so
//! `IsContext::<T>::VALUE` tells whether `T: FromContext` if `T` is concrete, as it is in an
//! expansion.

mod checks;

use std::any::type_name;
use std::future::ready;
use std::marker::PhantomData;

use actix_web::web::{Bytes, BytesMut, Data, Either, Form, Json, Payload};
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use wamp_core::__private::{Arguments, Attribute, Capture, Feature, Parameter};
use wamp_core::{Error, FromContext};

pub use checks::*;

/// Made from the context of the call.
pub const CONTEXT: u8 = 0;
/// Read from the arguments of the call, or from the URI.
pub const ARGUMENT: u8 = 1;
/// Made by actix from the HTTP request of the upgrade.
pub const EXTRACTOR: u8 = 2;
/// Can be read from the call or made by actix: an attribute has to tell which.
pub const AMBIGUOUS: u8 = 3;
/// None of these.
pub const UNKNOWN: u8 = 4;
/// An argument that would have to borrow from the message for `'static`.
pub const UNBORROWABLE: u8 = 5;
/// Made by actix from the body of a request, which an upgrade does not have.
pub const BODY: u8 = 6;

macro_rules! probes {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T: ?Sized>(PhantomData<T>);

        impl<T: ?Sized> Otherwise for $name<T> {}
    )+};
}

probes! {
    /// A probe: true if the type implements `FromContext`.
    IsContext
    /// A probe: true if the type is `web::Data`, which is deserialisable too.
    IsData
    /// A probe: true if the type is deserialisable.
    IsArgument
    /// A probe: true if the type is an extractor of actix.
    IsExtractor
    /// A probe: true if the type is an argument although actix can extract it.
    IsPlain
    /// A probe: true if actix reads the type from the body of a request.
    IsBody
}

/// The values of a probe for all types that do not meet its condition.
pub trait Otherwise {
    /// True if the type meets the condition of the probe.
    const VALUE: bool = false;
    /// The attribute to which an injected type is restricted.
    const ONLY_IN: Option<Attribute> = None;
    /// The feature that a handler with a parameter of this type supports.
    const FEATURE: Option<Feature> = None;
}

#[expect(missing_docs, reason = "as in `Otherwise`")]
impl<T: FromContext> IsContext<T> {
    pub const VALUE: bool = true;
    pub const ONLY_IN: Option<Attribute> = T::ONLY_IN;
    pub const FEATURE: Option<Feature> = T::FEATURE;
}

macro_rules! holds {
    ($([$($generics:tt)*] $probe:ty;)+) => {$(
        #[expect(missing_docs, reason = "as in `Otherwise`")]
        impl<$($generics)*> $probe {
            pub const VALUE: bool = true;
        }
    )+};
}

holds! {
    [T: ?Sized] IsData<Data<T>>;
    [T: ?Sized] IsData<Option<Data<T>>>;
    [T: ?Sized, E] IsData<Result<Data<T>, E>>;
    ['de, T: Deserialize<'de>] IsArgument<T>;
    [T: FromRequest] IsExtractor<T>;
    [T: PlainType] IsPlain<T>;
    [T: BodyType] IsBody<T>;
}

/// Types that are arguments although actix can extract them, and tuples and `Option`s of such
/// types.
pub trait PlainType {}

impl PlainType for String {}
impl PlainType for () {}
impl<T: PlainType> PlainType for Option<T> {}

/// Types that actix reads from the body of a request, and extractors made of such types. No handler
/// can have one as a parameter.
pub trait BodyType {}

impl<T> BodyType for Json<T> {}
impl<T> BodyType for Form<T> {}
impl BodyType for Bytes {}
impl BodyType for BytesMut {}
impl BodyType for Payload {}
impl<L: BodyType, R: BodyType> BodyType for Either<L, R> {}
impl<T: BodyType> BodyType for Option<T> {}
impl<T: BodyType, E> BodyType for Result<T, E> {}

macro_rules! tuples {
    ($(($($part:ident)+))+) => {$(
        impl<$($part: PlainType),+> PlainType for ($($part,)+) {}
        impl<$($part: BodyType),+> BodyType for ($($part,)+) {}
    )+};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

/// Returns the kind of a parameter, from the values of the probes.
#[must_use]
pub const fn kind(
    context: bool,
    data: bool,
    body: bool,
    argument: bool,
    extractor: bool,
    plain: bool,
) -> u8 {
    if context {
        CONTEXT
    } else if body {
        BODY
    } else if data {
        EXTRACTOR
    } else if argument && extractor && !plain {
        AMBIGUOUS
    } else if argument {
        ARGUMENT
    } else if extractor {
        EXTRACTOR
    } else {
        UNKNOWN
    }
}

/// Returns the kind of a type, which must be concrete.
#[doc(hidden)]
#[macro_export]
macro_rules! __wamp_kind {
    ($type:ty) => {{
        use $crate::__private::{
            IsArgument, IsBody, IsContext, IsData, IsExtractor, IsPlain, Otherwise as _, kind,
        };
        kind(
            IsContext::<$type>::VALUE,
            IsData::<$type>::VALUE,
            IsBody::<$type>::VALUE,
            IsArgument::<$type>::VALUE,
            IsExtractor::<$type>::VALUE,
            IsPlain::<$type>::VALUE,
        )
    }};
}

/// Returns the kind of a type in which the user wrote `&'static`, which only an argument must not
/// have.
#[must_use]
pub const fn kind_of_static(kind: u8) -> u8 {
    if kind == ARGUMENT { UNBORROWABLE } else { kind }
}

/// Returns the kind of a type under `#[arg]`. A type that is injected or read from a body keeps its
/// kind, and is refused.
#[must_use]
pub const fn kind_of_argument(kind: u8) -> u8 {
    if kind == CONTEXT || kind == BODY { kind } else { ARGUMENT }
}

/// Returns the kind of a type inside a parameter's type. A type that is not deserialisable cannot
/// be sent by a caller, so it is as safe as an argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __wamp_kind_inside {
    ($type:ty) => {
        if $crate::__private::IsArgument::<$type>::VALUE {
            $crate::__private::kind_of!($type)
        } else if $crate::__private::IsBody::<$type>::VALUE {
            $crate::__private::BODY
        } else {
            $crate::__private::ARGUMENT
        }
    };
}

/// Returns the kind of a parameter's type; `ARGUMENT` if one of its parts is refused as a body, so
/// that only one error is reported.
#[must_use]
pub const fn outside(kind: u8, parts: &[u8]) -> u8 {
    let mut at = 0;
    while at < parts.len() {
        if kind == BODY && parts[at] == BODY {
            return ARGUMENT;
        }
        at += 1;
    }
    kind
}

/// Returns the kind as which a type inside a parameter's type is refused: `CONTEXT`, `AMBIGUOUS` or
/// `BODY`; `ARGUMENT` if it is not refused.
///
/// `serde` reads a `Box<T>` or a `Result<T, E>` wherever it reads a `T`, so a container around an
/// injected `T` would let the caller supply the `T`. Only types that are written in the signature
/// are checked, not those behind an alias or in a field.
#[must_use]
pub const fn inside(outer: u8, inner: u8, is_bare: bool, is_extracted: bool) -> u8 {
    match (outer, inner) {
        (_, BODY) if is_extracted => BODY,
        // Not read from the call, or refused already.
        (CONTEXT | UNKNOWN, _) => ARGUMENT,
        (EXTRACTOR | AMBIGUOUS | UNBORROWABLE, _) if is_bare => ARGUMENT,
        (_, CONTEXT) => CONTEXT,
        (_, AMBIGUOUS | EXTRACTOR) if is_bare => AMBIGUOUS,
        _ => ARGUMENT,
    }
}

/// Returns how many of the parameters are arguments of the message.
#[must_use]
pub const fn count(read: &[bool]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < read.len() {
        count += read[at] as usize;
        at += 1;
    }
    count
}

/// Returns the `N` parameters that are arguments of the message.
#[must_use]
pub const fn arguments<const N: usize>(all: &[Parameter], read: &[bool]) -> [Parameter; N] {
    let mut arguments = [const { Parameter { name: "", camel: "", is_keyword: false } }; N];
    let (mut at, mut next) = (0, 0);
    while at < all.len() {
        if read[at] {
            let Parameter { name, camel, is_keyword } = all[at];
            arguments[next] = Parameter { name, camel, is_keyword };
            next += 1;
        }
        at += 1;
    }
    arguments
}

/// A type that a handler's parameter can have, as one of the kinds.
pub trait Extract<'c, const KIND: u8>: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// The ERROR that the client gets.
    fn extract(
        arguments: &mut Arguments<'c>,
        parameter: &'static Parameter,
    ) -> impl Future<Output = Result<Self, Error>>;

    /// Reads the value from the URI.
    ///
    /// # Errors
    /// The ERROR that the client gets.
    fn capture(_: &Arguments<'c>, _: &Parameter, _: Capture) -> Result<Self, Error> {
        unreachable!("`check_capture` refuses all other kinds")
    }

    /// Reads the value from the arguments, or makes the default if it is absent.
    ///
    /// # Errors
    /// The ERROR that the client gets.
    fn take_or(
        _: &mut Arguments<'c>,
        _: &Parameter,
        _: impl FnOnce() -> Self,
    ) -> Result<Self, Error> {
        unreachable!("the checks refuse all other kinds")
    }
}

impl<'c, T: FromContext> Extract<'c, CONTEXT> for T {
    async fn extract(arguments: &mut Arguments<'c>, _: &'static Parameter) -> Result<Self, Error> {
        T::from_context(arguments.context()).await
    }
}

impl<'c, T: Deserialize<'c>> Extract<'c, ARGUMENT> for T {
    fn extract(
        arguments: &mut Arguments<'c>,
        parameter: &'static Parameter,
    ) -> impl Future<Output = Result<Self, Error>> {
        ready(arguments.take(parameter))
    }

    fn capture(
        arguments: &Arguments<'c>,
        parameter: &Parameter,
        capture: Capture,
    ) -> Result<Self, Error> {
        arguments.capture(parameter, capture)
    }

    fn take_or(
        arguments: &mut Arguments<'c>,
        parameter: &Parameter,
        default: impl FnOnce() -> Self,
    ) -> Result<Self, Error> {
        arguments.take_or(parameter, default)
    }
}

impl<'c, T: FromRequest> Extract<'c, EXTRACTOR> for T {
    async fn extract(
        arguments: &mut Arguments<'c>,
        parameter: &'static Parameter,
    ) -> Result<Self, Error> {
        let Some(request) = arguments.context().host::<HttpRequest>().cloned() else {
            let cause = "there is no HTTP request behind this session";
            return Err(Error::no_value(cause, type_name::<T>()));
        };
        let extracted = T::from_request(&request, &mut actix_web::dev::Payload::None).await;
        extracted.map_err(|error| refused::<T>(parameter, &request, &error.into()))
    }
}

macro_rules! refused_kinds {
    ($($kind:ident)+) => {$(
        // `check_source` refuses the kind; without this there would be a second error.
        impl<'c, T> Extract<'c, $kind> for T {
            async fn extract(_: &mut Arguments<'c>, _: &'static Parameter) -> Result<Self, Error> {
                unreachable!("a parameter of this kind is not compiled")
            }
        }
    )+};
}

refused_kinds! { AMBIGUOUS UNKNOWN UNBORROWABLE BODY }

/// Returns the ERROR for an extractor that failed. The client sees 401 and 403; anything else is a
/// fault of the application. The log names the route, because a `Path` may ask for a segment that
/// it does not have.
fn refused<T>(parameter: &Parameter, request: &HttpRequest, error: &actix_web::Error) -> Error {
    use actix_web::http::StatusCode;
    match error.as_response_error().status_code() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::not_authorized(error),
        _ => {
            let (name, route) = (parameter.name, request.match_pattern());
            let route = route.as_deref().unwrap_or_else(|| request.path());
            let cause = format_args!("extractor of `{name}` on the route `{route}`: {error}");
            Error::no_value(cause, type_name::<T>())
        }
    }
}

/// Makes a parameter in the way of its kind.
///
/// # Errors
/// The ERROR that the client gets.
pub fn extract<'c, T, const KIND: u8>(
    arguments: &mut Arguments<'c>,
    parameter: &'static Parameter,
) -> impl Future<Output = Result<T, Error>>
where
    T: Extract<'c, KIND>,
{
    T::extract(arguments, parameter)
}

/// Reads a parameter that is a capture of the URI.
///
/// # Errors
/// The ERROR that the client gets.
pub fn capture<'c, T, const KIND: u8>(
    arguments: &Arguments<'c>,
    parameter: &Parameter,
    capture: Capture,
) -> Result<T, Error>
where
    T: Extract<'c, KIND>,
{
    T::capture(arguments, parameter, capture)
}

/// Reads a parameter that has a default.
///
/// # Errors
/// The ERROR that the client gets.
pub fn take_or<'c, T, const KIND: u8>(
    arguments: &mut Arguments<'c>,
    parameter: &Parameter,
    default: impl FnOnce() -> T,
) -> Result<T, Error>
where
    T: Extract<'c, KIND>,
{
    T::take_or(arguments, parameter, default)
}
