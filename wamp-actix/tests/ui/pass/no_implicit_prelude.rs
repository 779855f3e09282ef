//! The glue names everything by its path.

#![no_implicit_prelude]

use ::std::clone::Clone;
use ::wamp_actix::{handlers, publish, rpc, session, subscribe, wamp_error};

#[rpc("bare.one", "bare.{text}.two", realm = "realm1", role = "user", timeout = "5s")]
async fn parameters(
    session: ::wamp_actix::Session,
    text: &str,
    #[default] number: u8,
    #[default(7)] other: u8,
    optional: ::std::option::Option<::std::vec::Vec<u8>>,
    #[args] more: ::std::vec::Vec<u8>,
    #[kwargs] others: ::std::collections::HashMap<::std::string::String, u8>,
    request: ::actix_web::HttpRequest,
) -> ::std::result::Result<::std::string::String, Failed> {
    let _ = (session, number, other, optional, more, others, request);
    let text = ::std::string::ToString::to_string(text);
    ::std::result::Result::Ok(::std::string::String::clone(&text))
}

#[subscribe("bare.topic")]
#[publish("bare.topic", retain = true)]
async fn nothing() {}

#[session]
async fn joined() -> ::wamp_actix::Hold<u8> {
    ::wamp_actix::Hold(1)
}

#[derive(::std::fmt::Debug, ::wamp_actix::WampError)]
enum Failed {
    #[wamp("bare.error.failed")]
    Failed { code: u8 },
    #[wamp(transparent)]
    Other(Manual),
    #[wamp(internal)]
    Hidden,
}

impl ::std::fmt::Display for Failed {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("failed")
    }
}

impl ::std::error::Error for Failed {}

#[derive(::std::fmt::Debug)]
struct Manual;

impl ::std::fmt::Display for Manual {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("manual")
    }
}

impl ::std::error::Error for Manual {}

impl ::wamp_actix::WampError for Manual {
    fn to_error(&self) -> ::wamp_actix::Error {
        ::wamp_actix::Error::new("bare.error.manual")
    }
}

wamp_error!(Manual);

fn main() {
    let _ = [Failed::Failed { code: 1 }, Failed::Other(Manual), Failed::Hidden];
    let realm = ::wamp_actix::Realm::new("realm1");
    let listed = handlers![parameters, nothing, joined];
    ::std::assert!(::wamp_actix::Router::builder().realm(realm).handlers(listed).build().is_ok());
}
