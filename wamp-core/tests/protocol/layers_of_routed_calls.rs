//! Layers around calls that other clients answer.

use serde_json::json;
use wamp_core::{Action, Error, Invocation, Next, Realm, Reply, Router};

use super::support::{Client, assert_error, handlers};

const REFUSED: &str = "shop.error.refused";

async fn layer(work: Invocation, next: Next) -> Result<(), Error> {
    if work.action() != Action::Call {
        return next.run(work).await;
    }
    let uri = work.uri().to_owned();
    match uri.as_str() {
        "client.refused" => return Err(Error::new(REFUSED)),
        "client.answered" => return work.reply(Reply::new().arg("by the layer")),
        "client.waiting" => handlers::wait_at("layer").await?,
        "client.given_up" => {
            let mut next = Box::pin(next.run(work));
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(next.as_mut().poll(context).is_pending())
            });
            assert!(polled.await, "the callee has not answered");
            return Err(Error::new(REFUSED));
        }
        _ => {}
    }
    let outcome = next.run(work).await;
    let ending = outcome.as_ref().map_or_else(Error::uri, |()| "ok");
    handlers::note(format!("{uri} {ending}"));
    outcome
}

fn router() -> Router {
    handlers::reset();
    let realm = Realm::new("realm1").route_clients(true).around(layer);
    Router::builder().realm(realm).handlers([]).build().unwrap()
}

/// A caller, and a callee that has registered these procedures.
fn joined(procedures: &[&str]) -> (Client, Client) {
    let router = router();
    let role = json!({
        "call_canceling": true,
        "progressive_call_invocations": true,
        "progressive_call_results": true,
    });
    let features = json!({ "caller": role, "callee": role });
    let caller = Client::join_announcing(&router, &features);
    let mut callee = Client::join_announcing(&router, &features);
    for (request, procedure) in (1..).zip(procedures) {
        let registered = callee.ask(json!([64, request, {}, procedure]).to_string());
        assert_eq!(registered[0], 65, "{registered}");
    }
    (caller, callee)
}

#[test]
fn a_routed_call_passes_its_layers_which_learn_how_it_ended() {
    let (mut caller, mut callee) = joined(&["client.add"]);
    caller.send(r#"[48,1,{"receive_progress":true},"client.add",[1]]"#);
    caller.assert_silent();
    let invocation = callee.one();
    assert_eq!((&invocation[0], &invocation[4]), (&json!(68), &json!([1])));
    callee.send(json!([70, invocation[1], { "progress": true }, [1]]).to_string());
    assert_eq!(caller.one(), json!([50, 1, { "progress": true }, [1]]));
    assert_eq!(handlers::journal(), [""; 0]);
    callee.send(json!([70, invocation[1], {}, [2]]).to_string());
    assert_eq!(caller.one(), json!([50, 1, {}, [2]]));
    caller.assert_silent();
    assert_eq!(handlers::journal(), ["client.add ok"]);
    // The id of the request is free, and its layers are gone.
    caller.send(r#"[48,1,{},"client.add",[1]]"#);
    caller.poll();
    let invocation = callee.one();
    callee.send(json!([8, 68, invocation[1], {}, "client.error.no", ["why"]]).to_string());
    assert_eq!(caller.one(), json!([8, 48, 1, {}, "client.error.no", ["why"]]));
    caller.assert_silent();
    assert_eq!(handlers::journal(), ["client.add client.error.no"]);
}

#[test]
fn a_layer_refuses_or_answers_and_no_client_is_asked() {
    let (mut caller, mut callee) = joined(&["client.refused", "client.answered"]);
    caller.send(r#"[48,1,{},"client.refused"]"#);
    assert_error(&caller.one(), 48, 1, REFUSED);
    caller.send(r#"[48,2,{},"client.answered"]"#);
    assert_eq!(caller.one(), json!([50, 2, {}, ["by the layer"]]));
    caller.assert_silent();
    callee.assert_silent();
}

#[test]
fn chunks_wait_for_the_layers_with_their_call() {
    let (mut caller, mut callee) = joined(&["client.waiting"]);
    caller.send(r#"[48,1,{"progress":true},"client.waiting",[1]]"#);
    caller.send(r#"[48,1,{},"client.waiting",[2]]"#);
    caller.assert_silent();
    callee.assert_silent();
    handlers::open("layer");
    caller.assert_silent();
    let chunks = callee.received();
    assert_eq!(chunks.len(), 2, "{chunks:?}");
    assert_eq!((&chunks[0][4], &chunks[1][4]), (&json!([1]), &json!([2])));
    callee.send(json!([70, chunks[0][1], {}, [3]]).to_string());
    assert_eq!(caller.one(), json!([50, 1, {}, [3]]));
}

#[test]
fn cancelling_drops_layers_that_wait_and_those_of_a_call_at_work() {
    let (mut caller, mut callee) = joined(&["client.waiting", "client.add"]);
    for mode in ["kill", "killnowait", "skip"] {
        caller.send(r#"[48,1,{},"client.waiting"]"#);
        caller.assert_silent();
        assert_error(
            &caller.ask(format!(r#"[49,1,{{"mode":"{mode}"}}]"#)),
            48,
            1,
            "wamp.error.canceled",
        );
        caller.assert_silent();
        assert_eq!(handlers::alive(), 0, "{mode}");
        callee.assert_silent();
    }
    handlers::journal();
    caller.send(r#"[48,2,{},"client.add"]"#);
    caller.assert_silent();
    let invocation = callee.one();
    assert_error(&caller.ask(r#"[49,2,{"mode":"killnowait"}]"#), 48, 2, "wamp.error.canceled");
    assert_eq!(callee.one()[0], json!(69), "INTERRUPT");
    callee.send(json!([70, invocation[1], {}, [2]]).to_string());
    caller.assert_silent();
    assert_eq!(handlers::journal(), [""; 0], "the layers were dropped");
}

#[test]
fn a_callee_that_leaves_ends_the_call_and_its_layers() {
    let (mut caller, mut callee) = joined(&["client.add"]);
    caller.send(r#"[48,1,{},"client.add"]"#);
    caller.assert_silent();
    callee.lose();
    assert_error(&caller.one(), 48, 1, "wamp.error.canceled");
    caller.assert_silent();
    assert_eq!(handlers::journal(), ["client.add wamp.error.canceled"]);
}

#[test]
fn layers_that_end_before_the_callee_interrupt_it() {
    let (mut caller, mut callee) = joined(&["client.given_up"]);
    caller.send(r#"[48,1,{},"client.given_up"]"#);
    assert_error(&caller.one(), 48, 1, REFUSED);
    caller.assert_silent();
    let told: Vec<_> = callee.received().iter().map(|message| message[0].clone()).collect();
    assert!(told.is_empty() || told == [json!(68), json!(69)], "{told:?}");
}

#[test]
fn a_procedure_that_is_gone_when_the_layers_let_the_call_through_is_unknown() {
    let (mut caller, mut callee) = joined(&["client.waiting"]);
    caller.send(r#"[48,1,{},"client.waiting"]"#);
    caller.assert_silent();
    callee.lose();
    handlers::open("layer");
    assert_error(&caller.one(), 48, 1, "wamp.error.no_such_procedure");
    caller.assert_silent();
}

#[test]
fn a_caller_that_leaves_interrupts_the_callee_and_drops_the_layers() {
    let (mut caller, mut callee) = joined(&["client.add", "client.waiting"]);
    caller.send(r#"[48,1,{},"client.add"]"#);
    caller.send(r#"[48,2,{},"client.waiting"]"#);
    caller.assert_silent();
    callee.one();
    caller.lose();
    assert_eq!(callee.one()[0], json!(69), "INTERRUPT");
    assert_eq!(handlers::alive(), 0);
}
