//! How much is retained, and who gives way where it is too much: who holds most.

use std::net::Ipv4Addr;

use super::support::*;
use serde_json::{Value, json};
use wamp_core::{Identity, Limits, Realm, Router, Topic};

fn router(limits: Limits) -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("a.{rest..}", Topic::open().retained())
        .topic("b.{rest..}", Topic::open().retained())
        .topic("few.{rest..}", Topic::open().retained_up_to(3))
        .route_clients(true);
    Router::builder()
        .realm(realm)
        .handlers([])
        .limits(limits)
        .build()
        .expect("the declarations are sound")
}

fn events(count: usize) -> Limits {
    Limits::default().retained_events(count)
}

/// A session that retains events.
struct Publisher {
    client: Client,
    request: u64,
}

impl Publisher {
    fn user(router: &Router, authid: &str) -> Self {
        Self::of(Client::join_as(router, "realm1", Identity::new(authid, "user")))
    }

    fn stranger(router: &Router, last: u8) -> Self {
        Self::of(Client::join_from(router, Ipv4Addr::new(192, 0, 2, last).into()))
    }

    fn of(client: Client) -> Self {
        Self { client, request: 0 }
    }

    fn retain(&mut self, mut options: Value, topic: &str, value: &Value) {
        self.request += 1;
        options["retain"] = true.into();
        self.client.send(format!(r#"[16,{},{options},"{topic}",[{value}]]"#, self.request));
        self.client.poll_woken();
        self.client.assert_silent();
        assert!(self.client.has_session());
    }

    /// Retains one event on each of these topics under `prefix`.
    fn fill(&mut self, prefix: &str, names: impl IntoIterator<Item = u64>) {
        for name in names {
            self.retain(json!({}), &format!("{prefix}.{name}"), &name.into());
        }
    }
}

/// How many topics under a prefix have a retained event.
fn kept(router: &Router, prefix: &str) -> Vec<u64> {
    let mut client = Client::join(router);
    client.send(format!(r#"[32,1,{{"match":"prefix","get_retained":true}},"{prefix}."]"#));
    let mut kept: Vec<_> = arguments(&client.received()).iter().filter_map(Value::as_u64).collect();
    kept.sort_unstable();
    kept
}

fn is_kept(router: &Router, topic: &str) -> bool {
    let mut client = Client::join(router);
    client.send(format!(r#"[32,1,{{"get_retained":true}},"{topic}"]"#));
    client.received().len() == 2
}

fn server_retains(router: &Router, topic: &str) {
    router
        .realm("realm1")
        .expect("declared above")
        .publish(topic)
        .arg(0)
        .retain()
        .send()
        .expect("a topic");
}

#[test]
fn two_hundred_strangers_leave_what_another_user_and_the_server_retain() {
    let router = router(events(1000));
    Publisher::user(&router, "joe").fill("a.joe", [1]);
    Publisher::user(&router, "eve").fill("made.up.by.eve", [1]);
    server_retains(&router, "a.server");
    for stranger in 0..200 {
        // Two of them have one address.
        let mut publisher = Publisher::stranger(&router, stranger / 2);
        publisher.fill(&format!("a.{stranger}"), 1..=30);
        publisher.fill(&format!("made.up.{stranger}"), 1..=30);
    }
    assert!(is_kept(&router, "a.joe.1") && is_kept(&router, "made.up.by.eve.1"));
    assert!(is_kept(&router, "a.server"));
}

#[test]
fn one_user_alone_may_fill_the_realm_and_one_more_event_takes_the_place_of_its_oldest() {
    let router = router(events(20));
    let mut joe = Publisher::user(&router, "joe");
    joe.fill("a", 1..=20);
    assert_eq!(kept(&router, "a"), Vec::from_iter(1..=20));
    joe.fill("a", [21]);
    assert_eq!(kept(&router, "a"), Vec::from_iter(2..=21));
}

#[test]
fn the_sessions_of_one_user_and_the_strangers_of_one_address_count_together() {
    let router = router(events(9));
    Publisher::stranger(&router, 1).fill("a.alone", 1..=3);
    for session in 1..=5 {
        Publisher::stranger(&router, 2).fill("a.together", [2 * session, 2 * session + 1]);
        Publisher::user(&router, "joe").fill("a.joe", [2 * session, 2 * session + 1]);
    }
    assert_eq!(kept(&router, "a.alone").len(), 3);
    assert_eq!((kept(&router, "a.together").len(), kept(&router, "a.joe").len()), (3, 3));
}

#[test]
fn strangers_whose_address_is_not_known_count_together() {
    let router = router(events(4));
    Publisher::user(&router, "joe").fill("a.joe", [1]);
    for stranger in 0..4 {
        Publisher::of(Client::join(&router)).fill(&format!("a.{stranger}"), [1]);
    }
    assert!(is_kept(&router, "a.joe.1") && !is_kept(&router, "a.0.1") && is_kept(&router, "a.3.1"));
}

#[test]
fn the_declaration_that_holds_most_gives_way_and_topics_that_clients_make_up_are_one() {
    let router = router(events(10));
    Publisher::user(&router, "joe").fill("b", 1..=3);
    for client in 0..10 {
        // A name for each topic, and a user for each event.
        Publisher::user(&router, &format!("user{client}")).fill(&format!("made.up{client}"), [1]);
    }
    assert_eq!(kept(&router, "b"), [1, 2, 3]);
    let made_up = (0..10).filter(|client| is_kept(&router, &format!("made.up{client}.1")));
    assert_eq!(Vec::from_iter(made_up), [3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_declaration_keeps_no_more_than_it_says_and_its_largest_holder_gives_way() {
    let router = router(Limits::default());
    Publisher::user(&router, "joe").fill("few.joe", [1]);
    let mut eve = Publisher::user(&router, "eve");
    eve.fill("few.eve", 1..=2);
    assert_eq!((kept(&router, "few.joe"), kept(&router, "few.eve")), (vec![1], vec![1, 2]));
    eve.fill("few.eve", [3]);
    assert_eq!((kept(&router, "few.joe"), kept(&router, "few.eve")), (vec![1], vec![2, 3]));
    // Events that the server retains do not count.
    for topic in 0..5 {
        server_retains(&router, &format!("few.server.{topic}"));
    }
    assert_eq!((kept(&router, "few").len(), kept(&router, "few.server").len()), (8, 5));
}

#[test]
fn the_server_has_as_much_room_as_all_clients_and_neither_takes_the_others() {
    let router = router(events(5));
    for topic in 0..5 {
        server_retains(&router, &format!("a.server.{topic}"));
    }
    Publisher::user(&router, "joe").fill("a.joe", 1..=6);
    assert_eq!((kept(&router, "a.server").len(), kept(&router, "a.joe").len()), (5, 5));
    server_retains(&router, "a.server.5");
    assert!(!is_kept(&router, "a.server.0") && is_kept(&router, "a.server.5"));
    assert_eq!(kept(&router, "a.joe").len(), 5);
}

#[test]
fn at_the_bound_in_bytes_the_holder_of_most_bytes_gives_way() {
    let router = router(Limits::default().retained_bytes(64 << 10));
    let mut joe = Publisher::user(&router, "joe");
    joe.fill("a.joe", 1..=20);
    let mut eve = Publisher::user(&router, "eve");
    for name in 1..=10 {
        eve.retain(json!({}), &format!("a.eve.{name}"), &"x".repeat(10_000).into());
    }
    assert_eq!(kept(&router, "a.joe").len(), 20);
    let eves = (1..=10).filter(|request| is_kept(&router, &format!("a.eve.{request}")));
    assert_eq!(Vec::from_iter(eves), [6, 7, 8, 9, 10]);
}

#[test]
fn an_event_beyond_all_room_is_not_retained_and_what_it_makes_outdated_neither() {
    let router = router(Limits::default().retained_bytes(4096));
    let mut joe = Publisher::user(&router, "joe");
    joe.fill("a", 1..=2);
    joe.retain(json!({}), "a.1", &"x".repeat(5000).into());
    assert_eq!(kept(&router, "a"), [2]);
}

#[test]
fn no_retained_event_at_all_is_a_bound_too() {
    let router = router(events(0));
    Publisher::user(&router, "joe").fill("a", 1..=2);
    server_retains(&router, "a.server");
    assert!(kept(&router, "a").is_empty());
}

#[test]
fn within_a_topic_too_the_holder_of_most_of_its_events_gives_way() {
    let router = router(Limits::default());
    server_retains(&router, "a.b");
    let mut joe = Publisher::user(&router, "joe");
    joe.retain(json!({"eligible_authid": ["reader"]}), "a.b", &1.into());
    let mut eve = Publisher::user(&router, "eve");
    for reader in 1..=40 {
        eve.retain(json!({"eligible_authid": [reader.to_string()]}), "a.b", &reader.into());
    }
    let shown = |authid: &str| {
        let mut client = Client::join_as(&router, "realm1", Identity::new(authid, "user"));
        client.send(r#"[32,1,{"get_retained":true},"a.b"]"#);
        arguments(&client.received())
    };
    assert_eq!((shown("reader"), shown("nobody")), (vec![json!(1)], vec![json!(0)]));
    assert_eq!((shown("25"), shown("26")), (vec![json!(0)], vec![json!(26)]));
}

#[test]
fn a_declaration_that_keeps_nothing_is_a_fault() {
    let realm = Realm::new("realm1").topic("a.b", Topic::open().retained_up_to(0));
    let error = Router::builder().realm(realm).handlers([]).build().expect_err("nothing is kept");
    assert!(error.to_string().contains("retained_up_to(0)"), "{error}");
}
