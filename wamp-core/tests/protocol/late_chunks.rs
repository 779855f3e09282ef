//! Chunks that come after their call has ended: dropped, and never taken for a call of their own
//! (PI-07).

use super::support::{Client, assert_error, handlers};
use serde_json::json;
use wamp_core::{Realm, Router};

/// So many calls that ended early are remembered.
const REMEMBERED: u64 = 256;

fn router() -> Router {
    handlers::reset();
    Router::builder()
        .realm(Realm::new("realm1").route_clients(true))
        .realm(Realm::new("strict").route_clients(true).strict_request_ids(true))
        .handlers([handlers::ALL])
        .build()
        .expect("the handlers of the tests are sound")
}

fn join(router: &Router, realm: &str) -> Client {
    let mut client = Client::connect(router);
    let features = json!({
        "progressive_call_invocations": true, "progressive_call_results": true,
        "call_canceling": true,
    });
    let role = json!({ "features": features });
    client.ask(json!([1, realm, {"roles": {"caller": role, "callee": role}}]).to_string());
    client
}

fn first(client: &mut Client, request: u64, procedure: &str) {
    client.send(json!([48, request, {"progress": true}, procedure, [1, 2]]).to_string());
}

fn last(client: &mut Client, request: u64, procedure: &str) {
    client.send(json!([48, request, {}, procedure, [1, 2]]).to_string());
}

/// A call that ends at once, for its handler takes no chunks.
#[track_caller]
fn end_early(client: &mut Client, request: u64) {
    first(client, request, "test.add");
    assert_error(&client.one(), 48, request, "wamp.error.feature_not_supported");
}

/// The CALL is one of its own.
#[track_caller]
fn is_served(client: &mut Client, request: u64) {
    last(client, request, "test.add");
    assert_eq!(client.one(), json!([50, request, {}, [3]]));
}

#[track_caller]
fn is_dropped(client: &mut Client, request: u64) {
    last(client, request, "test.add");
    client.assert_silent();
}

/// Ids that are in no order, and all different.
fn scattered(count: u64) -> Vec<u64> {
    (1..=count).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (1 << 53) + 1).collect()
}

#[test]
fn of_300_calls_that_ended_early_the_last_256_are_remembered_whatever_their_ids_pi_07() {
    let mut client = join(&router(), "realm1");
    let ids = scattered(300);
    ids.iter().for_each(|id| end_early(&mut client, *id));
    let forgotten = ids.len() - usize::try_from(REMEMBERED).unwrap();
    is_dropped(&mut client, ids[299]);
    is_dropped(&mut client, ids[forgotten]);
    is_served(&mut client, ids[forgotten - 1]);
    // Their last chunks have come: the ids are free.
    is_served(&mut client, ids[299]);
    is_served(&mut client, ids[forgotten]);
}

#[test]
fn the_order_is_that_in_which_the_calls_ended_and_not_that_of_their_beginning_pi_07() {
    let router = router();
    let (mut caller, mut callee) = (join(&router, "realm1"), join(&router, "realm1"));
    callee.ask(r#"[64,1,{},"com.p"]"#);
    first(&mut caller, 1, "com.p");
    assert_eq!(callee.one()[1], 1);
    (2..2 + REMEMBERED).for_each(|id| end_early(&mut caller, id));
    callee.send("[70,1,{}]");
    assert_eq!(caller.one(), json!([50, 1, {}]));
    (1000..999 + REMEMBERED).for_each(|id| end_early(&mut caller, id));
    last(&mut caller, 1, "com.p");
    caller.assert_silent();
    callee.assert_silent();
}

#[test]
fn chunks_that_are_not_the_last_leave_the_memory_as_it_is_pi_07() {
    for realm in ["realm1", "strict"] {
        let mut client = join(&router(), realm);
        end_early(&mut client, 1);
        for _ in 0..3 {
            first(&mut client, 1, "test.add");
            client.assert_silent();
        }
        is_dropped(&mut client, 1);
        is_served(&mut client, 2);
    }
}

#[test]
fn the_id_of_a_call_that_ended_early_serves_for_a_call_of_another_procedure_pi_08() {
    let router = router();
    let mut client = join(&router, "realm1");
    end_early(&mut client, 7);
    last(&mut client, 7, "test.nothing");
    assert_eq!(client.one(), json!([50, 7, {}]));
    is_dropped(&mut client, 7);
    let mut client = join(&router, "strict");
    end_early(&mut client, 1);
    last(&mut client, 1, "test.nothing");
    client.assert_violated("an id that is used twice");
}

#[test]
fn a_chunk_is_late_however_its_call_ended_pi_07() {
    let router = router();
    let mut callee = join(&router, "realm1");
    callee.ask(r#"[64,1,{},"com.p"]"#);
    for end in ["RESULT", "ERROR", "skip", "killnowait"] {
        let mut caller = join(&router, "realm1");
        first(&mut caller, 5, "com.p");
        let invocation = callee.one()[1].clone();
        match end {
            "RESULT" => callee.send(json!([70, invocation, {}]).to_string()),
            "ERROR" => callee.send(json!([8, 68, invocation, {}, "com.error"]).to_string()),
            mode => caller.send(json!([49, 5, { "mode": mode }]).to_string()),
        }
        assert_eq!(caller.received().len(), 1, "{end}");
        callee.received();
        last(&mut caller, 5, "com.p");
        caller.assert_silent();
        callee.assert_silent();
    }
}

#[test]
fn a_call_whose_last_chunk_came_is_not_remembered() {
    let mut client = join(&router(), "realm1");
    for _ in 0..3 {
        is_served(&mut client, 9);
    }
}
