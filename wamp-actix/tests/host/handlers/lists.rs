//! `handlers![…]`: lists of functions, and what a router makes of them.

use wamp_actix::{Handlers, Raw, Router, handlers, rpc};

use super::{client, registrations, single};

#[rpc("lists.one")]
async fn one() -> u8 {
    1
}

#[rpc("lists.two")]
async fn two() -> u8 {
    2
}

/// The module of a library.
mod library {
    #[wamp_actix::rpc("lists.library")]
    async fn private() -> &'static str {
        "library"
    }

    pub(super) fn handlers() -> wamp_actix::Handlers {
        wamp_actix::handlers![private]
    }
}

#[rpc("lists.borrowed.{a}")]
async fn borrowed<'a>(a: &'a str, b: &str, c: Option<Raw<'_>>) -> &'a str {
    let _ = (b, c);
    a
}

/// Has a lifetime that the compiler binds early, so that it is a parameter of the function item.
#[rpc("lists.bound")]
async fn bound<'a>(text: &'a str) -> &'a str
where
    'a: 'a,
{
    text
}

async fn plain() {}

async fn another() {}

use self::one as alias;

#[actix_web::test]
async fn a_list_takes_imports_aliases_and_functions_that_borrow() {
    let client = client(handlers![alias, borrowed, self::bound]).await;
    assert_eq!(single(client.call("lists.one")).await, 1);
    assert_eq!(single(client.call("lists.borrowed.x").arg("y")).await, "x");
    assert_eq!(single(client.call("lists.bound").arg("z")).await, "z");
}

#[actix_web::test]
async fn lists_that_are_given_one_after_the_other_are_all_served() {
    let router =
        Router::builder().handlers(handlers![one]).handlers(library::handlers()).build().unwrap();
    let client = wamp_actix::test::join(&router).await.unwrap();
    assert_eq!(single(client.call("lists.one")).await, 1);
    assert_eq!(single(client.call("lists.library")).await, "library");
    assert!(client.call("lists.two").await.is_err());
}

#[test]
fn a_handler_that_is_listed_twice_is_served_once() {
    assert_eq!(registrations(handlers![one, two, alias]).len(), 2);
    assert!(
        Router::builder().handlers(handlers![one, alias]).handlers(handlers![one]).build().is_ok()
    );
}

#[test]
fn an_empty_list_serves_nothing() {
    assert!(registrations(handlers![]).is_empty());
    assert!(registrations(Handlers::default()).is_empty());
}

#[test]
fn functions_without_an_attribute_are_faults_that_name_the_function_and_the_list() {
    let line = line!() + 1;
    let listed = handlers![one, plain, another];
    let error = Router::builder().handlers(listed).build().unwrap_err();
    let faults: Vec<_> = error.faults().collect();
    let expected = |function, column| {
        format!(
            "handlers![…] at {}:{line}:{column}: `host::handlers::lists::{function}` is no \
             handler: write `#[rpc(\"…\")]`, `#[subscribe(\"…\")]`, `#[publish(\"…\")]` or \
             `#[session]` before the function, or take it off the list",
            file!(),
        )
    };
    assert_eq!(faults, [expected("plain", 18), expected("another", 18)]);
}
