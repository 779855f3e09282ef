//! Attributes, their options, and the registrations that they make.

use wamp_actix::test::join;
use wamp_actix::{Realm, Router, Session, handlers, publish, rpc, session, subscribe};
use wamp_core::__private::Entry;

use super::{client, registrations, single};

/// Doc comments and other attributes stay.
#[rpc("com.example.one", "com.example.alias", realm = "customers", role = ["staff", "admin"])]
#[allow(clippy::unused_async)]
#[rpc("com.example.two", role = "guest")]
#[subscribe("com.example.topic")]
#[wamp_actix::publish("com.example.topic", realm = "customers", crate = wamp_actix)]
#[session]
pub(crate) async fn everything(session: Session) {
    drop(session);
}

#[rpc("com.example.parameters.{capture}")]
async fn parameters(
    session: Session,
    first_name: &str,
    capture: &str,
    #[default] _last_name: &str,
    #[args] more: Vec<u8>,
) {
    let _ = (session, first_name, capture, more);
}

#[rpc("com.example.realm", realm = "customers")]
async fn in_one_realm() {}

#[rpc("com.example.role", role = ["staff", "admin"])]
async fn for_two_roles() {}

#[subscribe("com.example.subscribe")]
async fn subscribe() {}

#[publish("com.example.publish")]
async fn publish() {}

#[session]
async fn session() {}

#[test]
fn each_attribute_with_each_uri_is_a_registration() {
    let everything = registrations(handlers![everything]);
    let uris: Vec<_> = everything.iter().map(|registration| registration.uri).collect();
    assert_eq!(
        uris,
        [
            "com.example.one",
            "com.example.alias",
            "com.example.two",
            "com.example.topic",
            "com.example.topic",
            ""
        ]
    );
    assert!(
        matches!(everything[0].entry, Entry::Rpc(_))
            && matches!(everything[2].entry, Entry::Rpc(_))
    );
    assert!(matches!(everything[3].entry, Entry::Subscribe(_)));
    assert!(matches!(everything[4].entry, Entry::Publish(_)));
    assert!(matches!(everything[5].entry, Entry::Session(_)));
}

#[test]
fn options_belong_to_their_attribute() {
    let everything = registrations(handlers![everything]);
    let realms: Vec<_> = everything.iter().map(|registration| registration.realm).collect();
    assert_eq!(realms, [Some("customers"), Some("customers"), None, None, Some("customers"), None]);
    let roles: Vec<_> = everything.iter().map(|registration| registration.roles).collect();
    assert_eq!(roles, [&["staff", "admin"][..], &["staff", "admin"], &["guest"], &[], &[], &[]]);
}

#[test]
fn a_registration_says_which_function_and_where_its_attribute_stands() {
    let everything = registrations(handlers![everything]);
    let registration = everything[0];
    assert_eq!(registration.function, "host::handlers::attributes::everything");
    assert!(registration.file.ends_with("handlers/attributes.rs"));
    let lines: Vec<_> = everything.iter().map(|other| other.line - registration.line).collect();
    assert_eq!(lines, [0, 0, 2, 3, 4, 5]);
}

#[test]
fn a_registration_lists_the_arguments_and_nothing_else() {
    let names: Vec<_> = registrations(handlers![parameters])[0]
        .parameters
        .iter()
        .map(|parameter| (parameter.name, parameter.camel))
        .collect();
    assert_eq!(names, [("first_name", "firstName"), ("last_name", "lastName"), ("more", "more")]);
}

#[actix_web::test]
async fn a_handler_answers_every_uri_of_its_attributes() {
    #[rpc("com.example.first", "com.example.second")]
    #[rpc("com.example.third")]
    async fn greet(name: &str) -> String {
        format!("Hello, {name}!")
    }
    let client = client(handlers![greet]).await;
    for uri in ["com.example.first", "com.example.second", "com.example.third"] {
        assert_eq!(single(client.call(uri).arg("Ada")).await, "Hello, Ada!");
    }
}

#[actix_web::test]
async fn realm_and_role_restrict_which_sessions_are_served() {
    let (customers, staff) = (Realm::new("customers"), Realm::new("staff"));
    let handlers = handlers![in_one_realm, for_two_roles];
    let router =
        Router::builder().realm(customers).realm(staff).handlers(handlers).build().unwrap();
    let customer = join(&router).realm("customers").role("admin").await.unwrap();
    customer.call("com.example.realm").await.unwrap();
    customer.call("com.example.role").await.unwrap();
    let other = join(&router).realm("staff").role("guest").await.unwrap();
    assert_eq!(
        other.call("com.example.realm").await.unwrap_err().uri(),
        "wamp.error.no_such_procedure"
    );
    assert_eq!(
        other.call("com.example.role").await.unwrap_err().uri(),
        "wamp.error.not_authorized"
    );
}

#[actix_web::test]
async fn a_handler_may_be_named_like_its_attribute() {
    let client = client(handlers![subscribe, publish, session]).await;
    client.subscribe("com.example.subscribe").await.unwrap();
    client.publish("com.example.publish").await.unwrap();
}

#[actix_web::test]
async fn handlers_are_collected_without_a_list() {
    let collected = wamp_core::__private::inventory::iter::<wamp_core::__private::Collected>();
    let functions: Vec<_> =
        collected.flat_map(|collected| collected.registrations).map(|one| one.function).collect();
    assert!(functions.contains(&"host::handlers::attributes::everything"), "{functions:?}");
}

mod imports {
    #![deny(unused_imports)]

    use wamp_actix::{rpc, subscribe};

    /// The macro of the second attribute never runs: the first one takes both.
    #[rpc("com.example.imports")]
    #[subscribe("com.example.imports")]
    pub(super) async fn both() {}
}

#[actix_web::test]
async fn an_attribute_below_another_counts_as_used_where_it_is_imported() {
    let client = client(handlers![imports::both]).await;
    client.call("com.example.imports").await.unwrap();
}
