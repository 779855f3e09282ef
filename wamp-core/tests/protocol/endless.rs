//! Handlers whose next item is always ready: they keep neither their own caller nor anybody else
//! waiting, however fast the peer reads, and whether it wants the items or not.

use std::cell::Cell;
use std::time::Duration;

use super::support::{Client, arguments, assert_error, handlers};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use wamp_core::__private::{
    Acceptance, BoxedAnswer, Feature, HandlerEntry, Outcome, Plain as _, accept, reply, respond,
};
use wamp_core::{
    Chunks, Context, Error, FromContext as _, Limits, Progress, Progressive, Realm, Router,
    Serializer, Topic,
};

const CANCELED: &str = "wamp.error.canceled";

/// Items that a handler sends or takes before it gives way.
const IN_A_TURN: usize = 128;

thread_local! {
    static ITEMS: Cell<usize> = const { Cell::new(0) };
}

/// How many items the handlers made since the last look.
fn items() -> usize {
    ITEMS.take()
}

fn count() {
    ITEMS.set(ITEMS.get() + 1);
}

static ENDLESS: &[HandlerEntry] = &[
    handlers::rpc("endless.progress", progress),
    handlers::rpc("endless.stream", streaming),
    handlers::rpc("endless.large", large),
    HandlerEntry {
        features: &[Some(Feature::ProgressiveCallInvocations)],
        ..handlers::rpc("endless.sum", sum)
    },
    handlers::subscribe("endless.events", events),
];

/// The loop of our documentation.
fn progress(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let progress: Progress<u64> = Progress::from_context(&context).await?;
        for number in 0.. {
            progress.send(number).await?;
            count();
        }
        reply(&context, Outcome(()).reply())
    })
}

fn streaming(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let stream = Progressive(stream::iter(0_u64..).inspect(|_| count()));
        respond(&context, Outcome(stream).items(Ok::<_, Error>)).await
    })
}

/// Items of which one alone is more than may wait to be sent.
fn large(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let progress: Progress<String> = Progress::from_context(&context).await?;
        let item = "x".repeat(10_000);
        loop {
            progress.send(item.clone()).await?;
        }
    })
}

fn sum(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let mut chunks: Chunks<usize> = Chunks::from_context(&context).await?;
        handlers::wait_at("sum").await?;
        let mut sum = 0;
        while let Some(number) = chunks.next().await? {
            sum += number;
            count();
        }
        reply(&context, Outcome(sum).reply())
    })
}

fn events(_: Context) -> BoxedAnswer<Acceptance> {
    Box::pin(async { accept(handlers::events(stream::iter(0_u64..).inspect(|_| count()))) })
}

fn router(limits: Limits) -> Router {
    handlers::reset();
    items();
    Router::builder()
        .realm(Realm::new("realm1").topic("open.{name}", Topic::open()))
        .handlers([ENDLESS, handlers::ALL])
        .limits(limits)
        .build()
        .expect("the handlers of the tests are sound")
}

/// A turn as a host has it: what is ready is handed over, what has come is read, then the rest is
/// driven.
fn turn(client: &mut Client, message: Option<Value>) -> Vec<Value> {
    let output = client.ready();
    assert!(client.wants_input(), "who reads is read");
    message.into_iter().for_each(|message| client.send(message.to_string()));
    client.poll_once();
    output
}

/// Asserts that an endless answer does not keep its own caller waiting: each of its requests is
/// answered in the turn after the one that read it.
fn assert_served_beside(limits: Limits, start: Value) {
    let mut client = Client::join(&router(limits));
    turn(&mut client, Some(start));
    for request in 2..10 {
        turn(&mut client, Some(json!([48, request, {}, "test.add", [1, request]])));
        let output = turn(&mut client, None);
        let position = output.iter().position(|message| message[0] == 50 && message[1] == request);
        assert_eq!(output[position.expect("an answer")], json!([50, request, {}, [1 + request]]));
        assert!(output.len() > 1, "the stream goes on");
    }
    turn(&mut client, Some(json!([6, {}, "wamp.close.normal"])));
    let output = client.ready();
    assert_eq!(output.last().unwrap(), &json!([6, {}, "wamp.close.goodbye_and_out"]));
    client.assert_ended();
}

#[test]
fn a_caller_is_served_while_it_takes_an_endless_answer() {
    for procedure in ["endless.progress", "endless.stream"] {
        let start = json!([48, 1, {"receive_progress": true}, procedure]);
        assert_served_beside(Limits::default(), start.clone());
        assert_served_beside(Limits::default().outgoing_bytes(1), start);
    }
}

#[test]
fn a_caller_is_served_while_it_takes_an_endless_answer_of_large_items() {
    let start = json!([48, 1, {"receive_progress": true}, "endless.large"]);
    assert_served_beside(Limits::default().outgoing_bytes(4096), start);
}

#[test]
fn a_subscriber_is_served_while_it_takes_an_endless_stream_of_events() {
    assert_served_beside(Limits::default(), json!([32, 1, {}, "endless.events"]));
}

#[test]
fn an_endless_answer_is_cancelled_in_the_turn_that_reads_it_ca_01() {
    for procedure in ["endless.progress", "endless.stream", "endless.large"] {
        let mut client = Client::join(&router(Limits::default()));
        turn(&mut client, Some(json!([48, 1, {"receive_progress": true}, procedure])));
        turn(&mut client, None);
        turn(&mut client, Some(json!([49, 1, {}])));
        assert_error(client.ready().last().unwrap(), 48, 1, CANCELED);
        items();
        client.assert_silent();
        assert_eq!(items(), 0);
    }
}

/// Half of what may wait is for them, and the rest for answers.
#[test]
fn an_endless_answer_is_held_back_while_the_caller_does_not_take_it() {
    let mut client = Client::join(&router(Limits::default().outgoing_bytes(10_000)));
    client.send(r#"[48,1,{"receive_progress":true},"endless.progress"]"#);
    client.poll();
    assert!((5_000..5_100).contains(&client.output_len()), "{}", client.output_len());
    assert!(client.wants_input());
    for request in 2..=5 {
        assert!(client.wants_input());
        client.send(json!([48, request, {}, "test.long", [2_500]]).to_string());
    }
    assert!(!client.wants_input());
}

/// A client that calls without a pause is sent the events of others as well.
#[test]
fn answers_leave_events_their_room() {
    let router = router(Limits::default().outgoing_bytes(1000));
    let (mut client, mut publisher) = (Client::join(&router), Client::join(&router));
    client.subscribe(1, "open.a");
    for number in 1..20 {
        while client.wants_input() {
            client.send(json!([48, 2 * number, {}, "test.long", [2_000]]).to_string());
        }
        publisher.publish(number, "open.a", number);
        client.poll_once();
        assert_eq!(arguments(&client.ready()), [number]);
        client.send(json!([48, 2 * number + 1, {}, "test.add", [1, 2]]).to_string());
        client.poll_once();
    }
}

/// Those that are large leave no room in a turn.
#[test]
fn a_flood_of_large_events_does_not_starve_the_subscriber_s_own_answer() {
    let router = router(Limits::default().outgoing_bytes(1000));
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    client.send(r#"[48,2,{"receive_progress":true},"endless.progress"]"#);
    let realm = router.realm("realm1").unwrap();
    let (mut events, mut results) = (0, 0);
    for _ in 0..20 {
        (0..2).for_each(|_| drop(realm.publish("open.a").arg("x".repeat(2000)).send()));
        client.poll_once();
        let messages = client.ready();
        events += usize::from(messages.iter().any(|message| message[0] == 36));
        results += usize::from(messages.iter().any(|message| message[0] == 50));
    }
    assert!(events >= 8 && results >= 8, "{events} turns had events, {results} results");
}

/// Events of others neither.
#[test]
fn a_flood_of_events_does_not_keep_a_subscriber_from_being_read() {
    let router = router(Limits::default().outgoing_bytes(1000));
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    let realm = router.realm("realm1").unwrap();
    for request in 2..20 {
        (0..100).for_each(|number| drop(realm.publish("open.a").arg(number).send()));
        client.poll();
        assert!(client.wants_input());
        client.send(json!([48, request, {}, "test.add", [1, 2]]).to_string());
        let output = client.ready();
        assert_eq!(output.last().unwrap(), &json!([50, request, {}, [3]]));
    }
}

#[test]
fn a_handler_gives_way_after_so_many_items_though_the_caller_did_not_ask_for_them() {
    for procedure in ["endless.progress", "endless.stream"] {
        let mut client = Client::join(&router(Limits::default()));
        client.send(json!([48, 1, {}, procedure]).to_string());
        assert!((1..=IN_A_TURN + 1).contains(&items()), "{procedure}");
        for _ in 0..100 {
            assert!(client.poll_once(), "it asks for its next turn");
            assert!((1..=IN_A_TURN + 1).contains(&items()), "{procedure}");
        }
        client.send(json!([48, 2, {}, "test.add", [1, 2]]).to_string());
        assert_eq!(client.ready(), [json!([50, 2, {}, [3]])]);
        client.send("[49,1,{}]");
        assert_error(&client.one(), 48, 1, CANCELED);
        items();
        client.assert_silent();
        assert_eq!(items(), 0);
    }
}

#[test]
fn items_that_the_caller_did_not_ask_for_do_not_restart_the_time_of_a_call_pr_08() {
    for (procedure, options, is_over) in [
        ("endless.progress", json!({"timeout": 1000}), true),
        ("endless.stream", json!({"timeout": 1000}), true),
        ("endless.progress", json!({"timeout": 1000, "receive_progress": true}), false),
        ("endless.stream", json!({"timeout": 1000, "receive_progress": true}), false),
    ] {
        let mut client = Client::join(&router(Limits::default()));
        client.send(json!([48, 1, options, procedure]).to_string());
        let mut last = Value::Null;
        for _ in 0..4 {
            client.poll_once();
            client.advance(Duration::from_millis(300));
            last = client.ready().pop().unwrap_or(last);
        }
        client.poll_once();
        last = client.ready().pop().unwrap_or(last);
        if is_over {
            assert_error(&last, 48, 1, "wamp.error.timeout");
        } else {
            assert_eq!(last[0], 50, "{procedure}");
        }
    }
}

#[test]
fn a_handler_gives_way_to_others_while_it_takes_chunks() {
    let mut client = Client::join_announcing(
        &router(Limits::default()),
        &json!({"caller": {"progressive_call_invocations": true}}),
    );
    for number in 1..=1000 {
        client
            .send(json!([48, 1, {"progress": number < 1000}, "endless.sum", [number]]).to_string());
    }
    client.poll();
    handlers::open("sum");
    for _ in 0..7 {
        client.poll_once();
        assert!((1..=IN_A_TURN + 1).contains(&items()));
        assert_eq!(client.ready(), Vec::<Value>::new());
    }
    assert_eq!(client.one(), json!([50, 1, {}, [500_500]]));
}

#[test]
fn a_handler_that_gives_way_is_not_driven_once_for_each_event() {
    let router = router(Limits::default());
    let mut client = Client::join(&router);
    client.subscribe(1, "open.a");
    client.send(json!([48, 2, {}, "endless.progress"]).to_string());
    client.poll_once();
    items();
    let realm = router.realm("realm1").unwrap();
    (0..1000).for_each(|number| drop(realm.publish("open.a").arg(number).send()));
    client.poll_once();
    assert!(items() <= IN_A_TURN + 1);
    assert_eq!(client.ready().len(), 1000);
}

/// Of publications that waited for another one's handler.
#[test]
fn handlers_that_decide_at_once_are_asked_some_at_a_time() {
    let mut client = Client::join(&router(Limits::default()));
    client.publish(1, "slow.a", 1);
    for request in 2..=201 {
        client.send(json!([16, request, {"acknowledge": true}, "pub.accept"]).to_string());
    }
    client.poll();
    handlers::open("slow.a");
    let mut counts = Vec::new();
    while client.poll_once() {
        counts.push(client.ready().len());
    }
    assert_eq!(counts.iter().sum::<usize>(), 200);
    assert!(counts.iter().all(|count| *count <= 64), "{counts:?}");
}

#[test]
fn a_batch_goes_on_while_an_endless_answer_is_taken() {
    let mut client = Client::join_by(&router(Limits::default()), Serializer::JsonBatched);
    let start = "[48,1,{\"receive_progress\":true},\"endless.progress\"]\x1e".to_owned();
    let calls: String =
        (2..=200).map(|id| format!("[48,{id},{{}},\"test.add\",[1,2]]\x1e")).collect();
    client.send_frame(wamp_core::RawMessage::Text((start + &calls).into()));
    let mut answered = 0;
    for _ in 0..5 {
        client.poll_once();
        answered += client.ready().iter().filter(|message| message[1] != 1).count();
    }
    assert_eq!(answered, 199);
}
