//! Layers that do what nobody expects, and what their clients and observers see of it.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wamp_core::{
    Action, Error, Invocation, Left, Next, ObservedCall, Observer, Realm, Reply, RequestOutcome,
    Router, Session, Topic,
};

use super::support::{Client, assert_aborted, assert_error, handlers, hello, published};
use crate::log::Log;

const FAULT: &str = "wamp.error.runtime_error";
const REFUSED: &str = "shop.error.refused";

thread_local! {
    /// Requests that a layer has kept.
    static KEPT: RefCell<Vec<(Invocation, Next)>> = const { RefCell::new(Vec::new()) };
}

/// Does what the last component of the URI says; a client may register `com.…`.
async fn odd(work: Invocation, next: Next) -> Result<(), Error> {
    let uri = work.uri().to_owned();
    if work.action() == Action::Register && uri.starts_with("com.") {
        return next.run(work).await;
    }
    match uri.rsplit('.').next().unwrap_or_default() {
        "kept" => {
            KEPT.with_borrow_mut(|kept| kept.push((work.clone(), next)));
            handlers::wait_at("layer").await?;
            Err(Error::new(REFUSED))
        }
        "replied_first" => {
            work.reply(Reply::new().arg("by the layer"))?;
            next.run(work).await
        }
        "replied_twice" => {
            work.reply(Reply::new().arg("by the layer"))?;
            work.reply(Reply::new().arg("again"))
        }
        "replied_meanwhile" => {
            let other = work.clone();
            let mut run = Box::pin(next.run(work));
            let is_pending = std::future::poll_fn(|context| {
                std::task::Poll::Ready(run.as_mut().poll(context).is_pending())
            });
            assert!(is_pending.await, "it waits");
            other.reply(Reply::new().arg("by the layer"))?;
            run.await
        }
        "replied_and_waits" => {
            work.reply(Reply::new().arg("by the layer"))?;
            handlers::wait_at("layer").await?;
            Ok(())
        }
        "waits_after" => {
            let outcome = next.run(work).await;
            handlers::wait_at("layer").await?;
            outcome
        }
        "panics_after" => {
            next.run(work).await?;
            panic!("a secret of the layer")
        }
        "panics" => panic!("a secret of the layer"),
        "drops_next" => {
            drop(next);
            handlers::wait_at("layer").await?;
            Ok(())
        }
        "drops_running" => {
            let mut run = Box::pin(next.run(work));
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(run.as_mut().poll(context).is_pending())
            });
            polled.await;
            drop(run);
            Ok(())
        }
        "unpolled" => {
            drop(next.run(work));
            Ok(())
        }
        _ => next.run(work).await,
    }
}

#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Journal {
    fn session_closed(&self, _: &Session, left: Left) {
        self.note(format!("closed {left}"));
    }
    fn call_started(&self, call: &ObservedCall<'_>) {
        self.note(format!("{} started", call.request()));
    }
    fn call_ended(&self, call: &ObservedCall<'_>, outcome: RequestOutcome, _: Duration) {
        self.note(format!("{} {outcome}", call.request()));
    }
    fn denied(&self, _: &Session, action: Action, uri: &str, error: &Error) {
        self.note(format!("denied {action:?} {uri} {}", error.uri()));
    }
}

fn router() -> (Router, Journal) {
    handlers::reset();
    KEPT.take();
    let journal = Journal::default();
    let realm =
        Realm::new("realm1").route_clients(true).topic("open.{name}", Topic::open()).around(odd);
    let router = Router::builder().realm(realm).handlers([handlers::ALL]);
    (router.observe(journal.clone()).metrics(true).build().unwrap(), journal)
}

fn client() -> (Client, Journal) {
    let (router, journal) = router();
    (Client::join(&router), journal)
}

/// A caller, and a callee that has registered these procedures.
fn routed(procedures: &[&str]) -> (Client, Client, Journal) {
    let (router, journal) = router();
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
    (caller, callee, journal)
}

fn by_the_layer(request: u64) -> serde_json::Value {
    json!([50, request, {}, ["by the layer"]])
}

#[test]
fn a_call_that_a_layer_has_answered_gets_no_second_answer_from_its_handler() {
    let (mut client, journal) = client();
    assert_eq!(client.ask(r#"[48,1,{},"test.item.replied_first"]"#), by_the_layer(1));
    assert_eq!(client.ask(r#"[48,2,{},"test.item.replied_twice"]"#), by_the_layer(2));
    assert_eq!(journal.take(), ["1 started", "1 ok", "2 started", "2 ok"]);
}

#[test]
fn a_call_that_a_layer_has_answered_gets_no_second_answer_from_its_callee() {
    let names = ["com.replied_first", "com.replied_meanwhile"];
    let (mut caller, mut callee, journal) = routed(&names);
    for (request, name) in (1..).zip(names) {
        assert_eq!(caller.ask(json!([48, request, {}, name]).to_string()), by_the_layer(request));
        for invocation in callee.received().iter().filter(|message| message[0] == 68) {
            callee.send(json!([70, invocation[1], { "progress": true }, ["late"]]).to_string());
            callee.send(json!([70, invocation[1], {}, ["late"]]).to_string());
            callee.poll();
        }
        caller.assert_silent();
        let ended = format!("{request} ok");
        assert_eq!(journal.take(), [format!("{request} started"), ended], "{name}");
    }
    caller.lose();
    assert_eq!(journal.take(), ["closed lost"]);
}

#[test]
fn the_id_of_a_call_is_free_when_its_result_is_sent_though_a_layer_goes_on() {
    let (mut client, journal) = client();
    assert_eq!(client.ask(r#"[48,1,{},"test.item.replied_and_waits"]"#), by_the_layer(1));
    assert_eq!(client.ask(r#"[48,2,{},"test.item.waits_after"]"#)[1], json!(2));
    assert_eq!(journal.take(), ["1 started", "1 ok", "2 started", "2 ok"]);
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    assert_eq!(handlers::waiting("layer"), 2);
    handlers::open("layer");
    handlers::open("layer");
    client.assert_silent();
    assert_eq!(journal.take(), ["1 started", "1 ok", "2 started", "2 ok"]);
}

#[test]
fn a_caller_that_leaves_after_its_result_has_had_it() {
    let (mut client, journal) = client();
    client.ask(r#"[48,1,{},"test.item.waits_after"]"#);
    client.lose();
    assert_eq!(journal.take(), ["1 started", "1 ok", "closed lost"]);
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn a_timeout_drops_a_layer_that_goes_on_after_a_refusal_of_the_router() {
    let (mut caller, mut callee, journal) = routed(&["com.waits_after"]);
    caller.send(r#"[48,1,{"timeout":50},"com.waits_after"]"#);
    callee.lose();
    caller.assert_silent();
    assert_eq!(handlers::waiting("layer"), 1);
    caller.advance(Duration::from_millis(50));
    assert_error(&caller.one(), 48, 1, "wamp.error.timeout");
    assert_eq!(handlers::alive(), 0);
    assert_eq!(journal.take(), ["1 started", "closed lost", "1 timeout"], "first the callee");
}

#[test]
fn a_panic_after_the_result_is_for_the_log_alone() {
    let (mut client, journal) = client();
    let log = Log::of(|| {
        assert_eq!(client.ask(r#"[48,1,{},"test.item.panics_after"]"#)[0], json!(50));
        client.assert_silent();
    });
    assert!(log.contains("a secret of the layer"), "{log}");
    assert_eq!(journal.take(), ["1 started", "1 ok"]);
}

#[test]
fn a_layer_that_drops_what_it_began_has_not_answered() {
    let (mut client, journal) = client();
    for (request, name) in [(1, "unpolled"), (2, "drops_next")] {
        client.send(format!(r#"[48,{request},{{}},"test.item.{name}"]"#));
        client.poll();
        if name == "drops_next" {
            client.assert_silent();
            handlers::open("layer");
        }
        assert_error(&client.one(), 48, request, FAULT);
        let expected = [format!("{request} started"), format!("{request} error")];
        assert_eq!(journal.take(), expected);
    }
}

#[test]
fn what_a_layer_kept_says_nothing_once_the_call_is_over() {
    for end in ["cancel", "timeout", "goodbye"] {
        let (mut client, journal) = client();
        client.send(r#"[48,1,{"timeout":50},"test.item.kept"]"#);
        client.assert_silent();
        match end {
            "cancel" => assert_error(
                &client.ask(r#"[49,1,{"mode":"killnowait"}]"#),
                48,
                1,
                "wamp.error.canceled",
            ),
            "timeout" => {
                client.advance(Duration::from_millis(50));
                assert_error(&client.one(), 48, 1, "wamp.error.timeout");
            }
            _ => drop(client.ask(r#"[6,{},"wamp.close.normal"]"#)),
        }
        let ended = journal.take();
        assert_eq!(ended.len(), if end == "goodbye" { 3 } else { 2 }, "{ended:?}");
        for (work, next) in KEPT.take() {
            work.reply(Reply::new().arg("too late")).ok();
            let mut run = Box::pin(next.run(work));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(run.as_mut().poll(&mut context).is_ready(), "{end}");
        }
        client.assert_silent();
        assert_eq!(journal.take(), [""; 0], "{end}");
    }
}

#[test]
fn a_shutdown_ends_each_call_once_whatever_its_layers_do() {
    let (router, journal) = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.item.drops_next"]"#);
    client.ask(r#"[48,2,{},"test.item.waits_after"]"#);
    journal.take();
    drop(router.shutdown(Duration::ZERO));
    let received = client.received();
    assert_eq!(received.len(), 1, "{received:?}");
    assert_error(&received[0], 48, 1, "wamp.error.canceled");
    let mut told = journal.take();
    told.sort();
    assert_eq!(told, ["1 canceled", "closed shutdown"]);
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn panics_of_layers_refuse_publications_subscriptions_registrations_and_joining() {
    let (router, _) = router();
    let mut client = Client::join(&router);
    let topics = ["open.panics", "open.panics_after"];
    for (request, topic) in (1..).zip(topics) {
        let publish = json!([16, request, { "acknowledge": true }, topic]);
        assert_error(&client.ask(publish.to_string()), 16, request, FAULT);
        let subscribe = json!([32, request, {}, topic]);
        assert_error(&client.ask(subscribe.to_string()), 32, request, FAULT);
        let register = json!([64, request, {}, topic.replace("open", "odd")]);
        assert_error(&client.ask(register.to_string()), 64, request, FAULT);
    }
    let stats = router.stats();
    let realm = &stats.realms[0];
    assert_eq!((realm.subscriptions, realm.registrations), (0, 0));
    published(&client.ask(r#"[16,9,{"acknowledge":true},"open.a"]"#), 9);
    let panicking = async |work: Invocation, next: Next| {
        assert!(work.action() != Action::Join, "a secret of the layer");
        next.run(work).await
    };
    let realm = Realm::new("realm1").around(panicking);
    let router = Router::builder().realm(realm).handlers([]).build().unwrap();
    let aborted = Client::connect(&router).ask(hello("realm1"));
    assert_aborted(&aborted, FAULT);
    assert!(!aborted.to_string().contains("secret"), "{aborted}");
}

#[test]
fn decisions_that_a_layer_began_and_dropped_are_none() {
    let (router, _) = router();
    let mut client = Client::join(&router);
    for (request, name) in (1..).zip(["unpolled", "replied_first"]) {
        let topic = format!("open.{name}");
        let publish = json!([16, request, { "acknowledge": true }, topic]);
        assert_error(&client.ask(publish.to_string()), 16, request, FAULT);
        let subscribe = json!([32, request, {}, topic]);
        assert_error(&client.ask(subscribe.to_string()), 32, request, FAULT);
        let register = json!([64, request, {}, format!("odd.{name}")]);
        assert_error(&client.ask(register.to_string()), 64, request, FAULT);
    }
    let stats = router.stats();
    assert_eq!((stats.realms[0].subscriptions, stats.realms[0].registrations), (0, 0));
}

#[test]
fn a_subscriber_that_leaves_while_a_layer_waits_is_not_subscribed() {
    let (router, _) = router();
    let mut client = Client::join(&router);
    client.send(r#"[32,1,{},"open.waits_after"]"#);
    client.send(r#"[16,2,{"acknowledge":true},"open.waits_after"]"#);
    client.send(r#"[64,3,{},"odd.waits_after"]"#);
    client.assert_silent();
    assert_eq!(handlers::waiting("layer"), 3);
    client.lose();
    assert_eq!((handlers::waiting("layer"), handlers::alive()), (0, 0));
    let stats = router.stats();
    assert_eq!((stats.realms[0].subscriptions, stats.realms[0].registrations), (0, 0));
}
