//! What a handler's parameter is, by its type: injected, read from the call, or an extractor of actix.
//!
//! An inherent associated constant goes before a trait's of the same name, so `IsContext::<T>::VALUE` tells whether
//! `T: FromContext`, wherever `T` is concrete, as it is in an expansion.

use std::marker::PhantomData;

use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use wamp_core::__private::{Attribute, Parameter};
use wamp_core::{Arguments, Error, FromContext};

/// Made from the context of the call.
pub const CONTEXT: u8 = 0;
/// Read from the arguments of the call, or from the URI.
pub const ARGUMENT: u8 = 1;
/// Made by actix from the HTTP request of the upgrade.
pub const EXTRACTOR: u8 = 2;
/// Could be read from the call or made by actix: the handler has to say which.
pub const AMBIGUOUS: u8 = 3;

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
}

/// What holds for every type for which a probe does not say otherwise.
pub trait Otherwise {
    /// Whether the type is what the probe asks.
    const VALUE: bool = false;
    /// The attribute to which an injected type is restricted.
    const ONLY_IN: Option<Attribute> = None;
}

#[expect(missing_docs, reason = "as in `Otherwise`")]
impl<T: FromContext> IsContext<T> {
    pub const VALUE: bool = true;
    pub const ONLY_IN: Option<Attribute> = T::ONLY_IN;
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
    ['de, T: Deserialize<'de>] IsArgument<T>;
    [T: FromRequest] IsExtractor<T>;
    [] IsPlain<String>;
    [] IsPlain<Bytes>;
    [] IsPlain<()>;
    [] IsPlain<Option<String>>;
    [] IsPlain<Option<Bytes>>;
    [] IsPlain<Option<()>>;
}

/// The kind of a parameter, from what the probes say.
#[must_use]
pub const fn kind(context: bool, data: bool, argument: bool, extractor: bool, plain: bool) -> u8 {
    if context {
        CONTEXT
    } else if data {
        EXTRACTOR
    } else if argument && extractor && !plain {
        AMBIGUOUS
    } else if extractor && !argument {
        EXTRACTOR
    } else {
        // Also what is nothing of this: the missing `Deserialize` is then the error.
        ARGUMENT
    }
}

/// The kind of a type, which must be concrete.
#[doc(hidden)]
#[macro_export]
macro_rules! __wamp_kind {
    ($type:ty) => {{
        use $crate::__private::{IsArgument, IsContext, IsData, IsExtractor, IsPlain, Otherwise as _, kind};
        kind(
            IsContext::<$type>::VALUE,
            IsData::<$type>::VALUE,
            IsArgument::<$type>::VALUE,
            IsExtractor::<$type>::VALUE,
            IsPlain::<$type>::VALUE,
        )
    }};
}

/// A type that a handler's parameter can have, of one of the kinds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a WAMP handler",
    label = "neither injected nor readable from a call",
    note = "derive `serde::Deserialize` to read it from the caller's arguments, implement `FromContext` to inject it, or `actix_web::FromRequest` to extract it from the HTTP request",
    note = "if it is both deserialisable and an extractor, say which is meant: `#[arg]` or `#[extract]` before the parameter"
)]
pub trait Extract<'c, const KIND: u8>: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// What the client gets as ERROR.
    fn extract(
        arguments: &mut Arguments<'c>,
        parameter: &'static Parameter,
    ) -> impl Future<Output = Result<Self, Error>>;
}

impl<'c, T: FromContext> Extract<'c, CONTEXT> for T {
    async fn extract(arguments: &mut Arguments<'c>, _: &'static Parameter) -> Result<Self, Error> {
        T::from_context(arguments.context()).await
    }
}

impl<'c, T: Deserialize<'c>> Extract<'c, ARGUMENT> for T {
    async fn extract(arguments: &mut Arguments<'c>, parameter: &'static Parameter) -> Result<Self, Error> {
        arguments.take(parameter)
    }
}

impl<'c, T: FromRequest> Extract<'c, EXTRACTOR> for T {
    async fn extract(arguments: &mut Arguments<'c>, parameter: &'static Parameter) -> Result<Self, Error> {
        let Some(request) = arguments.context().host::<HttpRequest>().cloned() else {
            return Err(Error::internal("there is no HTTP request behind this session"));
        };
        let extracted = T::from_request(&request, &mut actix_web::dev::Payload::None).await;
        extracted.map_err(|error| refused(parameter, &error.into()))
    }
}

/// An extractor that failed: 401 and 403 are the client's affair, anything else is ours.
fn refused(parameter: &Parameter, error: &actix_web::Error) -> Error {
    use actix_web::http::StatusCode;
    match error.as_response_error().status_code() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::not_authorized(error),
        _ => Error::internal(format_args!("extractor of `{}`: {error}", parameter.name)),
    }
}

/// Makes a parameter of the kind that its type has.
///
/// # Errors
/// What the client gets as ERROR.
pub async fn extract<'c, T, const KIND: u8>(
    arguments: &mut Arguments<'c>,
    parameter: &'static Parameter,
) -> Result<T, Error>
where
    T: Extract<'c, KIND>,
{
    T::extract(arguments, parameter).await
}
