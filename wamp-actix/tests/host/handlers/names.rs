//! Names that an expansion must not stumble over, and handlers as plain functions.

use wamp_actix::test::join;
use wamp_actix::{Realm, Router, handlers, rpc};

use super::{client, single};

/// A module that shadows every name in an expansion.
#[allow(dead_code, non_camel_case_types)]
mod shadowed {
    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Box;
    pub(super) struct Vec;
    pub(super) struct Pin;
    pub(super) struct Error;
    pub(super) struct Context;
    pub(super) struct bool;
    pub(super) struct u8;
    pub(super) trait Default {}
    pub(super) mod std {}
    pub(super) mod core {}
    pub(super) mod wamp_actix {}
    #[allow(non_snake_case, clippy::extra_unused_type_parameters)]
    pub(super) fn Ok<T>(_: T) {}
    #[allow(non_snake_case)]
    pub(super) fn Err<T>(_: T) {}
    #[allow(non_snake_case)]
    pub(super) fn Some<T>(_: T) {}

    #[::wamp_actix::rpc("shadowed", realm = "realm1", role = "anonymous")]
    pub(super) async fn handler(
        #[default] text: ::std::string::String,
    ) -> ::core::result::Result<i64, Failed> {
        if text.is_empty() {
            ::core::result::Result::Err(Failed)
        } else {
            ::core::result::Result::Ok(1)
        }
    }

    #[derive(::wamp_actix::WampError)]
    #[wamp("shadowed.error.failed")]
    pub(super) struct Failed;

    impl ::std::fmt::Display for Failed {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str("failed")
        }
    }
}

#[rpc("invoke")]
async fn invoke(context: i64, arguments: i64, outcome: i64, reply: i64, extract: i64) -> i64 {
    context + arguments + outcome + reply + extract
}

#[rpc("error")]
async fn error(error: &str) -> &str {
    error
}

#[rpc("type")]
async fn r#type(r#fn: u8, r#match: u8) -> u8 {
    r#fn + r#match
}

/// A handler stays a function: the test below calls it directly.
#[rpc("plain")]
pub(crate) async fn plain(number: u8, #[default(7)] other: u8) -> u8 {
    number + other
}

mod module {
    pub(super) mod inner {
        #[wamp_actix::rpc("inner")]
        pub(in crate::handlers::names) async fn handler() -> &'static str {
            "inner"
        }
    }
}

/// A crate that re-exports ours under another name.
mod facade {
    pub(super) use wamp_actix as wamp;
}

#[facade::wamp::rpc("facade", crate = facade::wamp)]
async fn through_a_facade(number: Option<u8>) -> Result<u8, Absent> {
    number.ok_or(Absent)
}

#[derive(facade::wamp::WampError)]
#[wamp("com.example.error.absent", crate = facade::wamp)]
struct Absent;

impl std::fmt::Display for Absent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("absent")
    }
}

macro_rules! handler {
    ($name:ident, $uri:literal, $parameter:ident: $type:ty, $returns:ty) => {
        #[rpc($uri)]
        async fn $name($parameter: $type, second: Option<$type>) -> $returns {
            $parameter + second.unwrap_or_default()
        }
    };
}

handler!(from_a_macro, "macro", first: i64, i64);

#[actix_web::test]
async fn what_the_user_shadows_is_not_what_an_expansion_means() {
    let builder = Router::builder().realm(Realm::new("realm1"));
    let client =
        join(&builder.handlers(handlers![shadowed::handler]).build().unwrap()).await.unwrap();
    assert_eq!(single(client.call("shadowed").arg("x")).await, 1);
    assert_eq!(client.call("shadowed").await.unwrap_err().uri(), "shadowed.error.failed");
}

#[actix_web::test]
async fn names_of_functions_and_parameters_do_not_clash_with_those_of_an_expansion() {
    let client = client(handlers![invoke, error]).await;
    let call = client.call("invoke").arg(1).arg(2).arg(3).kwarg("reply", 4).kwarg("extract", 5);
    assert_eq!(single(call).await, 15);
    assert_eq!(single(client.call("error").arg("e")).await, "e");
}

/// A module beside the function of its name.
mod users {
    #[wamp_actix::rpc("users.count")]
    pub(super) async fn users() -> u8 {
        2
    }
}

#[rpc("users")]
async fn users() -> &'static str {
    "users"
}

/// Handlers with the names of types in their own signatures.
#[allow(clippy::module_inception)]
mod primitives {
    #[wamp_actix::rpc("str")]
    pub(super) async fn str(bool: bool, str: &str) -> String {
        format!("{bool} {str}")
    }

    #[wamp_actix::rpc("bool")]
    pub(super) async fn bool(bool: bool) -> bool {
        !bool
    }

    #[wamp_actix::rpc("u8")]
    pub(super) async fn u8(usize: Option<u8>) -> u8 {
        usize.unwrap_or(7)
    }
}

#[actix_web::test]
async fn a_handler_may_be_named_like_a_module_or_a_type() {
    let listed = handlers![users, users::users, primitives::str, primitives::bool, primitives::u8];
    let client = client(listed).await;
    assert_eq!(single(client.call("users")).await, "users");
    assert_eq!(single(client.call("users.count")).await, 2);
    assert_eq!(single(client.call("str").arg(true).arg("x")).await, "true x");
    assert_eq!(single(client.call("bool").arg(true)).await, false);
    assert_eq!(single(client.call("u8")).await, 7);
}

#[actix_web::test]
async fn raw_identifiers_are_names_without_their_prefix() {
    let client = client(handlers![r#type]).await;
    assert_eq!(single(client.call("type").kwarg("fn", 1).kwarg("match", 2)).await, 3);
}

#[actix_web::test]
async fn handlers_in_modules_and_from_macros_are_handlers() {
    let client = client(handlers![module::inner::handler, from_a_macro]).await;
    assert_eq!(single(client.call("inner")).await, "inner");
    assert_eq!(single(client.call("macro").arg(1).kwarg("second", 2)).await, 3);
}

#[actix_web::test]
async fn a_handler_can_be_called_as_the_function_that_it_is() {
    assert_eq!(plain(1, 2).await, 3);
    assert_eq!(module::inner::handler().await, "inner");
}

#[actix_web::test]
async fn the_crate_can_have_another_path() {
    let client = client(handlers![through_a_facade]).await;
    assert_eq!(single(client.call("facade").arg(1)).await, 1);
    assert_eq!(client.call("facade").await.unwrap_err().uri(), "com.example.error.absent");
}
