//! Procedures that clients register for each other.

mod answers;
mod canceling;
mod chunks;
mod disclosure;
mod progress;
mod queues;
mod registering;
mod shutdown;

use super::support::{self, Client, handlers, id, welcomed};
use serde_json::{Value, json};
use wamp_core::{Identity, Limits, Realm, Router, Serializer};

/// The features that callees of these tests announce, if the test does not say otherwise.
const ALL: &[&str] = &[
    "call_canceling",
    "call_timeout",
    "progressive_call_results",
    "progressive_call_invocations",
    "payload_passthru_mode",
    "registration_revocation",
];

const SEALED: &str = r#"["\u0000EOP/kFMHXFJvX8BtT+N82w=="]"#;

fn router() -> Router {
    router_with(Limits::default())
}

fn router_with(limits: Limits) -> Router {
    handlers::reset();
    Router::builder()
        .realm(Realm::new("realm1").route_clients(true))
        .realm(Realm::new("realm2").route_clients(true).disclosure(false))
        .realm(Realm::new("closed"))
        .realm(Realm::new("strict").route_clients(true).strict_request_ids(true))
        .handlers([handlers::ALL])
        .limits(limits)
        .build()
        .expect("the handlers of the tests are sound")
}

fn join(router: &Router, realm: &str, features: &[&str]) -> Client {
    join_by(router, support::wire::serializer(), realm, features)
}

fn join_by(router: &Router, serializer: Serializer, realm: &str, features: &[&str]) -> Client {
    let features: Value = features.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
    let role = json!({ "features": features });
    let roles = json!({"caller": role, "callee": role, "publisher": role, "subscriber": role});
    let mut client = Client::connect_in(router, Identity::anonymous(), serializer);
    let welcome = client.ask(json!([1, realm, {"roles": roles}]).to_string());
    client.id = welcomed(&welcome);
    client
}

fn pair(router: &Router) -> (Client, Client) {
    (join(router, "realm1", ALL), join(router, "realm1", ALL))
}

/// Registers a procedure; the registration's id.
#[track_caller]
fn register(callee: &mut Client, request: u64, options: &Value, procedure: &str) -> u64 {
    let answer = callee.ask(json!([64, request, options, procedure]).to_string());
    assert_eq!((&answer[0], &answer[1]), (&json!(65), &json!(request)), "{answer}");
    id(&answer[2])
}

fn call(caller: &mut Client, request: u64, options: &Value, procedure: &str) {
    caller.send(json!([48, request, options, procedure, [request]]).to_string());
}

fn callees<const N: usize>(router: &Router, invoke: &str) -> ([Client; N], u64) {
    let mut registration = None;
    let callees = std::array::from_fn(|_| {
        let mut callee = join(router, "realm1", ALL);
        let id = register(&mut callee, 1, &json!({"invoke": invoke}), "com.p");
        // H-08: all share it.
        assert_eq!(*registration.get_or_insert(id), id);
        callee
    });
    (callees, registration.expect("N is not 0"))
}

/// A JSON text may hold a number that no double is: a caller that can send it, and a callee that
/// cannot be sent it.
fn pair_of_formats(router: &Router) -> (Client, Client) {
    let by = |serializer| join_by(router, serializer, "realm1", ALL);
    (by(Serializer::Json), by(Serializer::MsgPack))
}

/// A caller, and a callee that serves `com.p`.
fn serving() -> (Client, Client) {
    let (caller, mut callee) = pair(&router());
    register(&mut callee, 1, &json!({}), "com.p");
    (caller, callee)
}
