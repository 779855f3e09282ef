//! Layers around what clients ask for: their order, what they may answer, and how they end.

use serde_json::json;
use wamp_core::{
    Action, Error, Identity, Invocation, Next, Realm, RealmBuilder, Reply, Router, Topic,
};

use super::support::{
    Client, arguments, assert_aborted, assert_error, assert_event, handlers, published, subscribed,
};
use crate::log::Log;

const FAULT: &str = "wamp.error.runtime_error";
const REFUSED: &str = "shop.error.refused";

/// Notes what goes in and what comes out.
fn noting(name: &'static str) -> impl AsyncFn(Invocation, Next) -> Result<(), Error> {
    async move |work: Invocation, next: Next| {
        let (action, uri) = (work.action(), work.uri().to_owned());
        handlers::note(format!("{name}: {action:?} {uri}"));
        let outcome = next.run(work).await;
        let ending = outcome.as_ref().map_or_else(Error::uri, |()| "ok").to_owned();
        handlers::note(format!("{name}: {uri} {ending}"));
        outcome
    }
}

/// Does what the URI says.
async fn obeying(work: Invocation, next: Next) -> Result<(), Error> {
    let uri = work.uri().to_owned();
    match uri.rsplit('.').next().unwrap_or_default() {
        "refused" => Err(Error::new(REFUSED).arg("by the layer")),
        "waiting" => {
            handlers::wait_at("layer").await?;
            next.run(work).await
        }
        "panicking" => panic!("a secret of the layer"),
        "ignored" => Ok(()),
        "answered" => work.reply(Reply::new().arg("by the layer")),
        "replaced" => next.run(work).await.map_err(|_| Error::new(REFUSED)),
        "late" => {
            next.run(work).await?;
            Err(Error::new(REFUSED))
        }
        "swallowed" => {
            next.run(work).await.ok();
            Ok(())
        }
        "doubled" => {
            let other = work.clone();
            next.run(work).await?;
            assert_eq!(other.uri(), uri);
            Ok(())
        }
        _ => next.run(work).await,
    }
}

fn realm(name: &str) -> RealmBuilder {
    Realm::new(name).topic("open.{name}", Topic::open()).topic("quiet", Topic::open())
}

fn router_of(realm: RealmBuilder) -> Router {
    handlers::reset();
    Router::builder().realm(realm).handlers([handlers::ALL]).build().unwrap()
}

fn client(layers: RealmBuilder) -> Client {
    let client = Client::join(&router_of(layers));
    handlers::journal();
    client
}

#[test]
fn layers_run_in_the_order_of_their_declaration_the_first_outermost() {
    let mut client = client(realm("realm1").around(noting("one")).around(noting("two")));
    assert_eq!(client.ask(r#"[48,1,{},"test.add",[1,2]]"#), json!([50, 1, {}, [3]]));
    assert_eq!(
        handlers::journal(),
        ["one: Call test.add", "two: Call test.add", "two: test.add ok", "one: test.add ok"]
    );
    assert_error(&client.ask(r#"[48,2,{},"test.fail"]"#), 48, 2, "test.error.failed");
    assert_eq!(
        handlers::journal(),
        [
            "one: Call test.fail",
            "two: Call test.fail",
            "two: test.fail test.error.failed",
            "one: test.fail test.error.failed"
        ]
    );
}

#[test]
fn a_layer_refuses_answers_or_replaces_the_error_of_a_call() {
    let mut client = client(realm("realm1").around(noting("outer")).around(obeying));
    assert_error(&client.ask(r#"[48,1,{},"test.item.refused"]"#), 48, 1, REFUSED);
    let answered = client.ask(r#"[48,2,{},"test.item.answered"]"#);
    assert_eq!(answered, json!([50, 2, {}, ["by the layer"]]));
    let kept = client.ask(r#"[48,3,{},"test.item.doubled"]"#);
    assert_eq!(kept[0], json!(50), "{kept}");
    let journal = handlers::journal();
    assert_eq!(journal[1], format!("outer: test.item.refused {REFUSED}"));
    assert_eq!(journal[3], "outer: test.item.answered ok");
}

#[test]
fn after_the_result_an_error_of_a_layer_is_for_the_outer_layers_alone() {
    let mut client = client(realm("realm1").around(noting("outer")).around(obeying));
    let result = client.ask(r#"[48,1,{},"test.item.late"]"#);
    assert_eq!((&result[0], &result[1]), (&json!(50), &json!(1)));
    assert_eq!(handlers::journal()[1], format!("outer: test.item.late {REFUSED}"));
    client.assert_silent();
}

#[test]
fn ok_without_an_answer_is_a_fault_that_the_log_names_with_the_layer() {
    let mut client = client(realm("realm1").around(noting("outer")).around(obeying));
    let log = Log::of(|| {
        assert_error(&client.ask(r#"[48,1,{},"test.item.ignored"]"#), 48, 1, FAULT);
    });
    assert!(log.contains("ERROR") && log.contains("the layer `around` at "), "{log}");
    assert!(log.contains("layers.rs:"), "{log}");
    assert_eq!(handlers::journal()[1], format!("outer: test.item.ignored {FAULT}"));
}

#[test]
fn a_panic_in_a_layer_is_as_a_handlers() {
    let mut client = client(realm("realm1").around(noting("outer")).around(obeying));
    let log = Log::of(|| {
        let error = client.ask(r#"[48,1,{},"test.item.panicking"]"#);
        assert_error(&error, 48, 1, FAULT);
        assert!(!error.to_string().contains("secret"), "{error}");
    });
    assert!(log.contains("a secret of the layer"), "{log}");
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
}

#[test]
fn a_layer_that_waits_holds_up_its_own_call_alone() {
    let mut client = client(realm("realm1").around(obeying));
    client.send(r#"[48,1,{},"test.item.waiting"]"#);
    client.assert_silent();
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    handlers::open("layer");
    assert_eq!(client.one()[1], json!(1));
    client.send(r#"[48,3,{},"test.item.waiting"]"#);
    handlers::refuse("layer");
    assert_error(&client.one(), 48, 3, "test.error.refused");
}

#[test]
fn cancelling_drops_the_layers_with_the_handler_and_skip_lets_them_run_on() {
    let mut client = client(realm("realm1").around(noting("outer")));
    for (request, mode) in [(1, "kill"), (2, "killnowait")] {
        client.send(format!(r#"[48,{request},{{}},"test.wait",["gate"]]"#));
        let error = client.ask(format!(r#"[49,{request},{{"mode":"{mode}"}}]"#));
        assert_error(&error, 48, request, "wamp.error.canceled");
        assert_eq!(handlers::alive(), 0, "{mode}");
        let journal = handlers::journal();
        assert!(!journal.iter().any(|entry| entry.ends_with(" ok")), "{journal:?}");
    }
    handlers::reset();
    client.send(r#"[48,3,{},"test.wait",["gate"]]"#);
    assert_error(&client.ask(r#"[49,3,{"mode":"skip"}]"#), 48, 3, "wamp.error.canceled");
    assert_eq!(handlers::alive(), 1);
    handlers::open("gate");
    client.assert_silent();
    assert_eq!(handlers::journal().last().unwrap(), "outer: test.wait ok");
}

#[test]
fn a_timeout_drops_the_layers_with_the_handler() {
    let mut client = client(realm("realm1").around(noting("outer")));
    client.send(r#"[48,1,{"timeout":50},"test.wait",["gate"]]"#);
    client.advance(std::time::Duration::from_millis(50));
    assert_error(&client.one(), 48, 1, "wamp.error.timeout");
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn a_session_that_ends_drops_its_layers() {
    let mut client = client(realm("realm1").around(noting("outer")));
    client.send(r#"[48,1,{},"test.wait",["gate"]]"#);
    assert_eq!(handlers::alive(), 1);
    client.lose();
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn a_layer_sees_the_request() {
    let seen = async |work: Invocation, next: Next| {
        let first: Option<(String,)> = work.payload().args().ok();
        handlers::note(format!(
            "{:?} {} {:?} {:?} {} {:?}",
            work.action(),
            work.uri(),
            work.declared(),
            work.capture("name"),
            work.session().authrole(),
            (work.function(), first),
        ));
        next.run(work).await
    };
    let mut client = client(realm("realm1").around(seen));
    client.ask(r#"[48,1,{},"test.item.tea",["x"]]"#);
    client.ask(r#"[32,2,{"match":"wildcard"},"open."]"#);
    client.ask(r#"[16,3,{"acknowledge":true},"quiet",["y"]]"#);
    assert_eq!(
        handlers::journal(),
        [
            "Call test.item.tea Some(\"test.item.{name}\") Value(\"tea\") anonymous \
             (Some(\"support::handlers\"), Some((\"x\",)))",
            "Subscribe open. Some(\"open.{name}\") Open anonymous (None, None)",
            "Publish quiet Some(\"quiet\") Unknown anonymous (None, Some((\"y\",)))",
        ]
    );
}

#[test]
fn publications_keep_their_order_behind_a_layer_that_waits() {
    let holding_the_first_back = async |work: Invocation, next: Next| {
        let is_first = work.payload().args::<(u32,)>().is_ok_and(|(number,)| number == 1);
        if work.action() == Action::Publish && is_first {
            handlers::wait_at("layer").await?;
        }
        next.run(work).await
    };
    let router = router_of(realm("realm1").around(holding_the_first_back));
    let (mut publisher, mut subscriber) = (Client::join(&router), Client::join(&router));
    subscriber.subscribe(1, "quiet");
    publisher.send(r#"[16,1,{"acknowledge":true},"quiet",[1]]"#);
    publisher.send(r#"[16,2,{"acknowledge":true},"quiet",[2]]"#);
    publisher.assert_silent();
    subscriber.assert_silent();
    handlers::open("layer");
    let answers = publisher.received();
    published(&answers[0], 1);
    published(&answers[1], 2);
    assert_eq!(arguments(&subscriber.received()), [json!(1), json!(2)]);
}

#[test]
fn a_refused_publication_reaches_nobody() {
    let router = router_of(realm("realm1").around(obeying));
    let (mut publisher, mut subscriber) = (Client::join(&router), Client::join(&router));
    subscriber.send(r#"[32,1,{"match":"wildcard"},"open."]"#);
    subscriber.received();
    for name in ["refused", "late", "ignored", "swallowed"] {
        let topic = format!("open.{name}");
        let error = publisher.ask(format!(r#"[16,1,{{"acknowledge":true}},"{topic}",[1]]"#));
        match name {
            "swallowed" => drop(published(&error, 1)),
            "ignored" => assert_error(&error, 16, 1, FAULT),
            _ => assert_error(&error, 16, 1, REFUSED),
        }
        assert_eq!(subscriber.received().len(), usize::from(name == "swallowed"), "{name}");
    }
    let swallowed = publisher.ask(r#"[16,9,{"acknowledge":true},"pub.refuse",[1]]"#);
    assert_error(&swallowed, 16, 9, "test.error.refused");
}

#[test]
fn a_subscription_waits_for_its_layers_and_gets_no_event_before() {
    let router = router_of(realm("realm1").around(noting("outer")).around(obeying));
    let (mut publisher, mut subscriber) = (Client::join(&router), Client::join(&router));
    handlers::journal();
    subscriber.send(r#"[32,1,{},"open.waiting"]"#);
    subscriber.assert_silent();
    let realm = publisher.session().realm().clone();
    realm.publish("open.waiting").arg(1).send().unwrap();
    subscriber.assert_silent();
    handlers::open("layer");
    let received = subscriber.received();
    let id = subscribed(&received[0], 1);
    assert_event(&received[1], id, 1);
    assert_eq!(
        handlers::journal(),
        ["outer: Subscribe open.waiting", "dropped wait layer", "outer: open.waiting ok"]
    );
    assert_error(&subscriber.ask(r#"[32,2,{},"open.refused"]"#), 32, 2, REFUSED);
    assert_error(&subscriber.ask(r#"[32,3,{},"sub.refuse"]"#), 32, 3, "test.error.refused");
    publisher.assert_silent();
}

#[test]
fn what_a_subscribe_handler_attaches_passes_through_the_layers() {
    let mut client = client(realm("realm1").around(noting("outer")));
    let id = client.subscribe(1, "sub.hold");
    assert_eq!(handlers::alive(), 1, "the value is held");
    client.ask(format!("[34,2,{id}]"));
    assert_eq!(handlers::alive(), 0);
}

#[test]
fn a_registration_of_a_client_goes_through_the_layers() {
    let mut client =
        client(realm("realm1").route_clients(true).around(noting("outer")).around(obeying));
    assert_eq!(client.ask(r#"[64,1,{},"client.one"]"#)[0], json!(65));
    assert_error(&client.ask(r#"[64,2,{},"client.refused"]"#), 64, 2, REFUSED);
    assert_eq!(
        handlers::journal(),
        [
            "outer: Register client.one",
            "outer: client.one ok",
            "outer: Register client.refused",
            "outer: client.refused shop.error.refused",
        ]
    );
}

#[test]
fn joining_goes_through_the_layers_before_welcome() {
    let only_staff = async |work: Invocation, next: Next| {
        handlers::note(format!("{:?} {:?}", work.action(), work.uri()));
        if work.action() == Action::Join && work.session().authrole() != "staff" {
            return Err(Error::not_authorized("staff only"));
        }
        next.run(work).await
    };
    let router = router_of(realm("realm1").around(only_staff));
    let staff = Identity { authrole: "staff".into(), ..Identity::anonymous() };
    Client::join_as(&router, "realm1", staff);
    assert_eq!(handlers::journal(), ["Join \"\""]);
    let mut client = Client::connect(&router);
    assert_aborted(&client.ask(super::support::hello("realm1")), "wamp.error.not_authorized");
}

#[test]
fn calls_of_the_meta_api_have_no_layers() {
    let meta = wamp_core::MetaApi::reading();
    let mut client = client(realm("realm1").meta_api(meta).around(noting("outer")));
    assert_eq!(client.ask(r#"[48,1,{},"wamp.session.count"]"#), json!([50, 1, {}, [1]]));
    assert_eq!(handlers::journal(), [""; 0]);
}
