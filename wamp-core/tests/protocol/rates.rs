//! The rate of a session's messages: back-pressure, and the end of its patience.

use std::time::Duration;

use super::support::{Client, handlers, hello, router_with, welcomed};
use serde_json::json;
use wamp_core::{Close, Limits, RawMessage, Realm, Router, Serializer};

const TENTH: Duration = Duration::from_millis(100);

/// Ten messages a second, and three at once.
fn limits() -> Limits {
    Limits::default().messages_per_second(Some(10)).burst(Some(3))
}

/// Sends calls while the server reads, up to `most`. Returns how many it has read.
fn flood(client: &mut Client, request: &mut u64, most: usize) -> usize {
    let mut count = 0;
    while client.wants_input() && count < most {
        *request += 1;
        let answer = client.ask(format!(r#"[48,{request},{{}},"test.echo",[{request}]]"#));
        assert_eq!(answer, json!([50, *request, {}, [*request]]));
        count += 1;
    }
    count
}

#[test]
fn a_session_is_read_up_to_its_burst_and_then_at_its_rate() {
    let mut client = Client::join(&router_with(limits()));
    let mut request = 0;
    assert_eq!(flood(&mut client, &mut request, 99), 3, "the burst, each answered at once");
    assert_eq!(client.deadline_in(), Some(TENTH));
    for _ in 0..20 {
        client.advance(TENTH - Duration::from_nanos(1));
        client.assert_silent();
        assert!(!client.wants_input(), "a nanosecond too early");
        client.advance(Duration::from_nanos(1));
        client.assert_silent();
        assert_eq!(flood(&mut client, &mut request, 99), 1);
    }
    client.advance(3 * TENTH);
    client.assert_silent();
    assert_eq!(flood(&mut client, &mut request, 99), 3, "the burst again after a pause");
}

#[test]
fn who_stays_within_its_rate_is_always_read() {
    let mut client = Client::join(&router_with(limits().burst(Some(2))));
    let mut request = 0;
    for _ in 0..1000 {
        assert_eq!(flood(&mut client, &mut request, 1), 1);
        assert!(client.wants_input());
        client.advance(TENTH);
    }
}

#[test]
fn a_session_without_the_limit_is_always_read() {
    let mut client = Client::join(&router_with(Limits::default()));
    assert_eq!(flood(&mut client, &mut 0, 5000), 5000);
    assert_eq!(client.deadline_in(), None);
}

#[test]
fn a_session_that_is_held_back_gets_its_events_and_others_are_read() {
    let router = router_with(limits());
    let (mut client, mut other) = (Client::join(&router), Client::join(&router));
    client.subscribe(1, "open.a");
    assert_eq!(flood(&mut client, &mut 1, 99), 2);
    other.publish(1, "open.a", "news");
    assert!(other.wants_input());
    assert_eq!(client.one()[4], json!(["news"]));
    assert!(!client.wants_input());
}

#[test]
fn messages_of_every_kind_count_and_those_before_welcome_do_not() {
    let mut client = Client::join(&router_with(limits().burst(Some(4))));
    client.subscribe(1, "open.a");
    client.publish(2, "open.a", 1);
    client.send(r#"[49,9,{}]"#);
    assert!(client.wants_input());
    client.send(r#"[34,3,1]"#);
    assert!(!client.wants_input());
}

#[test]
fn each_message_of_a_batch_counts_and_the_rest_waits_for_its_time() {
    let router = router_with(limits());
    let mut client = Client::join_by(&router, Serializer::JsonBatched);
    let call = |request| format!("[48,{request},{{}},\"test.echo\",[{request}]]\u{1e}");
    let batch: String = (1..=6).map(call).collect();
    client.send_frame(RawMessage::Text(batch.into()));
    assert_eq!(client.received().len(), 3);
    for request in 4..=6 {
        assert!(!client.wants_input(), "the rest of the batch waits");
        assert!(client.poll_once() && !client.poll_once(), "a poll does not ask for the next");
        client.advance(TENTH);
        assert_eq!(client.one()[1], json!(request));
    }
}

#[test]
fn who_is_held_back_for_too_long_without_a_pause_is_closed() {
    let patience = Duration::from_secs(2);
    let mut client = Client::join(&router_with(limits().rate_patience(patience)));
    let mut request = 0;
    assert_eq!(flood(&mut client, &mut request, 99), 3);
    for _ in 1..20 {
        client.advance(TENTH);
        client.assert_silent();
        assert_eq!(flood(&mut client, &mut request, 99), 1, "nothing is lost before that");
    }
    assert_eq!(client.close(), None);
    client.advance(TENTH);
    let abort = client.one();
    assert_eq!(abort[1]["message"], json!("too many messages"));
    assert_eq!(abort[2], json!("wamp.error.unavailable"));
    assert_eq!(client.close(), Some(Close::TooFast));
    assert!(!client.has_session());
}

#[test]
fn a_pause_begins_the_patience_anew() {
    let patience = Duration::from_secs(2);
    let mut client = Client::join(&router_with(limits().rate_patience(patience)));
    let mut request = 0;
    for _ in 0..10 {
        assert!(flood(&mut client, &mut request, 99) > 0);
        for _ in 0..15 {
            client.advance(TENTH);
            client.assert_silent();
            flood(&mut client, &mut request, 99);
        }
        // Its time comes, and the client has nothing to send for a while.
        client.advance(TENTH);
        client.assert_silent();
        client.advance(Duration::from_millis(10));
    }
    assert_eq!(client.close(), None);
}

#[test]
fn the_patience_ends_though_the_next_message_has_its_time_later() {
    let limits = limits().messages_per_second(Some(1)).rate_patience(TENTH);
    let mut client = Client::join(&router_with(limits));
    flood(&mut client, &mut 0, 99);
    assert_eq!(client.deadline_in(), Some(TENTH));
    client.advance(TENTH);
    client.one();
    assert_eq!(client.close(), Some(Close::TooFast));
}

#[test]
fn a_realm_may_have_a_rate_of_its_own() {
    handlers::reset();
    let router = Router::builder()
        .realm(Realm::new("realm1").limits(limits()))
        .realm(Realm::new("realm2"))
        .handlers([handlers::ALL])
        .build()
        .expect("sound");
    for (realm, expected) in [("realm1", 3), ("realm2", 99)] {
        let mut client = Client::connect(&router);
        welcomed(&client.ask(hello(realm)));
        let mut request = 0;
        assert_eq!(flood(&mut client, &mut request, 99), expected, "{realm}");
    }
}

#[test]
fn a_rate_with_which_no_session_works_is_a_fault() {
    let zero = |limits: Limits| {
        let error = Router::builder().handlers([]).limits(limits).build().expect_err("a fault");
        error.faults().map(str::to_owned).collect::<Vec<_>>()
    };
    let positive = |name| [format!("`Limits::{name}` is zero, but must be positive")];
    assert_eq!(zero(limits().messages_per_second(Some(0))), positive("messages_per_second"));
    assert_eq!(zero(limits().burst(Some(0))), positive("burst"));
    assert_eq!(zero(limits().rate_patience(Duration::ZERO)), positive("rate_patience"));
    let alone = zero(Limits::default().burst(Some(5)));
    assert_eq!(alone, ["`Limits::burst` has no effect without `Limits::messages_per_second`"]);
}
