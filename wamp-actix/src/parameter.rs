//! What a handler's parameter is, by its type: injected, read from the call, or an extractor of actix.
//!
//! An inherent associated constant goes before a trait's of the same name, so `IsContext::<T>::VALUE` tells whether
//! `T: FromContext`, wherever `T` is concrete, as it is in an expansion.

mod checks;

use std::future::ready;
use std::marker::PhantomData;

use actix_web::web::{Bytes, BytesMut, Data, Either, Form, Json, Payload};
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use wamp_core::__private::{Attribute, Capture, Feature, Parameter};
use wamp_core::{Arguments, Error, FromContext};

pub use checks::*;

/// Made from the context of the call.
pub const CONTEXT: u8 = 0;
/// Read from the arguments of the call, or from the URI.
pub const ARGUMENT: u8 = 1;
/// Made by actix from the HTTP request of the upgrade.
pub const EXTRACTOR: u8 = 2;
/// Could be read from the call or made by actix: the handler has to say which.
pub const AMBIGUOUS: u8 = 3;
/// Nothing of this.
pub const UNKNOWN: u8 = 4;
/// An argument that would have to borrow for `'static`.
pub const UNBORROWABLE: u8 = 5;
/// Made by actix from the body of a request, which a WAMP message has not.
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
    /// Whether the type implements `FromContext`.
    IsContext
    /// Whether the type is `web::Data`, which is deserialisable too.
    IsData
    /// Whether the type can be deserialised.
    IsArgument
    /// Whether the type is an extractor of actix.
    IsExtractor
    /// Whether the type is a plain one, of which actix makes an extractor all the same.
    IsPlain
    /// True for a type that actix reads from the body of a request.
    IsBody
}

/// What holds for every type for which a probe does not say otherwise.
pub trait Otherwise {
    /// Whether the type is what the probe asks.
    const VALUE: bool = false;
    /// The attribute to which an injected type is restricted.
    const ONLY_IN: Option<Attribute> = None;
    /// What a handler supports that takes it.
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
    [T: Body] IsBody<T>;
}

/// Types that are arguments although actix extracts them, and tuples and `Option`s of such types.
pub trait PlainType {}

impl PlainType for String {}
impl PlainType for () {}
impl<T: PlainType> PlainType for Option<T> {}

/// Types that actix reads from the body of a request, and extractors made of such types. No handler can have one as a parameter.
pub trait Body {}

impl<T> Body for Json<T> {}
impl<T> Body for Form<T> {}
impl Body for Bytes {}
impl Body for BytesMut {}
impl Body for Payload {}
impl<L: Body, R: Body> Body for Either<L, R> {}
impl<T: Body> Body for Option<T> {}
impl<T: Body, E> Body for Result<T, E> {}

macro_rules! tuples {
    ($(($($part:ident)+))+) => {$(
        impl<$($part: PlainType),+> PlainType for ($($part,)+) {}
        impl<$($part: Body),+> Body for ($($part,)+) {}
    )+};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

/// The kind of a parameter, from what the probes say.
#[must_use]
pub const fn kind(context: bool, data: bool, body: bool, argument: bool, extractor: bool, plain: bool) -> u8 {
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

/// The kind of a type, which must be concrete.
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

/// The kind of a type in which the user wrote `&'static`: what is made from the context may be one.
#[must_use]
pub const fn kind_of_static(kind: u8) -> u8 {
    if kind == ARGUMENT { UNBORROWABLE } else { kind }
}

/// The kind of a type under `#[arg]`. A type that is injected or read from a body keeps its kind, and is refused.
#[must_use]
pub const fn kind_of_argument(kind: u8) -> u8 {
    if kind == CONTEXT || kind == BODY { kind } else { ARGUMENT }
}

/// The kind of a type that stands inside of a parameter's type: what nobody can send is as good as an argument.
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

/// The kind of a parameter's type, unless it is refused for a part of it that actix would extract.
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

/// What a type inside of a parameter's type is to be refused as: `CONTEXT`, `AMBIGUOUS` or `BODY`, else `ARGUMENT`.
///
/// `serde` reads a `Box<T>` or a `Result<T, E>` wherever it reads a `T`, so that around a `T` that is injected it would
/// let the caller supply one. Only the types that the user wrote are looked at: what an alias or a field hides is not
/// seen.
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

/// How many of the parameters are arguments of the message.
#[must_use]
pub const fn count(read: &[bool]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < read.len() {
        count += read[at] as usize;
        at += 1;
    }
    count
}

/// The parameters that are arguments of the message, `N` of them.
#[must_use]
pub const fn arguments<const N: usize>(all: &[Parameter], read: &[bool]) -> [Parameter; N] {
    let mut arguments = [const { Parameter { name: "", camel: "" } }; N];
    let (mut at, mut next) = (0, 0);
    while at < all.len() {
        if read[at] {
            arguments[next] = Parameter { name: all[at].name, camel: all[at].camel };
            next += 1;
        }
        at += 1;
    }
    arguments
}

/// A type that a handler's parameter can have, of one of the kinds.
pub trait Extract<'c, const KIND: u8>: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// What the client gets as ERROR.
    fn extract(
        arguments: &mut Arguments<'c>,
        parameter: &'static Parameter,
    ) -> impl Future<Output = Result<Self, Error>>;

    /// Reads the value from the URI.
    ///
    /// # Errors
    /// What the client gets as ERROR.
    fn capture(_: &Arguments<'c>, _: &Parameter, _: Capture) -> Result<Self, Error> {
        unreachable!("`check_capture` refuses all other kinds")
    }

    /// Reads the value from the arguments, or makes it where there is none.
    ///
    /// # Errors
    /// What the client gets as ERROR.
    fn take_or(_: &mut Arguments<'c>, _: &Parameter, _: impl FnOnce() -> Self) -> Result<Self, Error> {
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

    fn capture(arguments: &Arguments<'c>, parameter: &Parameter, capture: Capture) -> Result<Self, Error> {
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
    async fn extract(arguments: &mut Arguments<'c>, parameter: &'static Parameter) -> Result<Self, Error> {
        let Some(request) = arguments.context().host::<HttpRequest>().cloned() else {
            return Err(Error::internal("there is no HTTP request behind this session"));
        };
        let extracted = T::from_request(&request, &mut actix_web::dev::Payload::None).await;
        extracted.map_err(|error| refused(parameter, &request, &error.into()))
    }
}

macro_rules! refused_kinds {
    ($($kind:ident)+) => {$(
        // `check_source` refuses the kind, and one error is enough.
        impl<'c, T> Extract<'c, $kind> for T {
            async fn extract(_: &mut Arguments<'c>, _: &'static Parameter) -> Result<Self, Error> {
                unreachable!("a parameter of this kind is not compiled")
            }
        }
    )+};
}

refused_kinds! { AMBIGUOUS UNKNOWN UNBORROWABLE BODY }

/// Returns the error of an extractor that failed. 401 and 403 are shown to the client; anything else is a fault of the
/// application. The log names the route, because a `Path` may ask for a part that the route does not have.
fn refused(parameter: &Parameter, request: &HttpRequest, error: &actix_web::Error) -> Error {
    use actix_web::http::StatusCode;
    match error.as_response_error().status_code() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::not_authorized(error),
        _ => {
            let (name, route) = (parameter.name, request.match_pattern());
            let route = route.as_deref().unwrap_or_else(|| request.path());
            Error::internal(format_args!("extractor of `{name}` on the route `{route}`: {error}"))
        }
    }
}

/// Makes a parameter of the kind that its type has.
///
/// # Errors
/// What the client gets as ERROR.
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
/// What the client gets as ERROR.
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
/// What the client gets as ERROR.
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
