//! Faults in the declarations of a router are told when it is built, with the places of both.

use std::time::Duration;

use super::support::Client;
use super::support::handlers::{
    accepting, admitting, letting_through, nothing, publish, rpc, session, subscribe,
};
use crate::log::Log;
use wamp_core::__private::HandlerEntry;
use wamp_core::{BuildError, Limits, MetaApi, Realm, RealmBuilder, Router, RouterBuilder, Topic};

/// A handler as if it stood in this line of `src/shop.rs`.
#[expect(clippy::needless_pass_by_value, reason = "written around a handler that is made in place")]
const fn at(line: u32, function: &'static str, handler: HandlerEntry) -> HandlerEntry {
    HandlerEntry { file: "src/shop.rs", line, function, ..handler }
}

fn build(
    realms: impl IntoIterator<Item = RealmBuilder>,
    handlers: &'static [HandlerEntry],
) -> Result<Router, BuildError> {
    let builder = realms.into_iter().fold(Router::builder(), RouterBuilder::realm);
    builder.handlers([handlers]).build()
}

#[track_caller]
fn faults(
    realms: impl IntoIterator<Item = RealmBuilder>,
    handlers: &'static [HandlerEntry],
) -> Vec<String> {
    build(realms, handlers).expect_err("something is wrong").faults().map(str::to_owned).collect()
}

#[track_caller]
fn fault(
    realms: impl IntoIterator<Item = RealmBuilder>,
    handlers: &'static [HandlerEntry],
) -> String {
    let mut faults = faults(realms, handlers);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn two_handlers_for_one_uri_are_a_fault_that_names_both_places() {
    static RPC: &[HandlerEntry] =
        &[at(1, "shop::one", rpc("a.b", nothing)), at(2, "shop::two", rpc("a.b", nothing))];
    let expected = "#[rpc(\"a.b\")] shop::two at src/shop.rs:2 and #[rpc(\"a.b\")] shop::one at \
                    src/shop.rs:1 serve the same URI";
    assert_eq!(fault([], RPC), expected);
    static SUBSCRIBE: &[HandlerEntry] = &[
        at(1, "shop::one", subscribe("a.b", accepting)),
        at(2, "shop::two", subscribe("a.b", accepting)),
    ];
    let text = fault([], SUBSCRIBE);
    assert!(
        text.contains("shop::one at src/shop.rs:1") && text.contains("shop::two at src/shop.rs:2"),
        "{text}"
    );
    static PUBLISH: &[HandlerEntry] = &[
        at(1, "shop::one", publish("a.b", letting_through)),
        at(2, "shop::two", publish("a.b", letting_through)),
    ];
    let text = fault([], PUBLISH);
    assert!(text.contains("src/shop.rs:1") && text.contains("src/shop.rs:2"), "{text}");
}

#[test]
fn the_names_of_captures_do_not_tell_two_patterns_apart() {
    static WILDCARDS: &[HandlerEntry] =
        &[at(1, "shop::one", rpc("a.{x}.b", nothing)), at(2, "shop::two", rpc("a.{y}.b", nothing))];
    let text = fault([], WILDCARDS);
    assert!(
        text.contains(r##"#[rpc("a.{x}.b")]"##) && text.contains(r##"#[rpc("a.{y}.b")]"##),
        "{text}"
    );
    static PREFIXES: &[HandlerEntry] =
        &[at(1, "shop::one", rpc("a.{x..}", nothing)), at(2, "shop::two", rpc("a.{y..}", nothing))];
    assert!(fault([], PREFIXES).contains("serve the same URI"));
}

#[test]
fn an_invalid_uri_is_a_fault_that_names_its_place() {
    static HANDLERS: &[HandlerEntry] = &[
        at(1, "shop::a", rpc("", nothing)),
        at(2, "shop::b", rpc("a..b", nothing)),
        at(3, "shop::c", subscribe("a b", accepting)),
        at(4, "shop::d", publish("a.{x}.{x}", letting_through)),
        at(5, "shop::e", rpc("a.{1}", nothing)),
        at(6, "shop::f", rpc("a{x..}", nothing)),
    ];
    let faults = faults([], HANDLERS);
    assert_eq!(faults.len(), HANDLERS.len(), "{faults:?}");
    for (fault, line) in faults.iter().zip(1..) {
        assert!(fault.contains(&format!("at src/shop.rs:{line}: ")), "{fault}");
    }
}

#[test]
fn an_invalid_topic_is_a_fault_that_names_its_place() {
    let line = line!() + 1;
    let realm = Realm::new("realm1").topic("a..b", Topic::open());
    let text = fault([realm], &[]);
    assert!(text.contains(&format!(r#"topic("a..b") at {}:{line}:"#, file!())), "{text}");
}

#[test]
fn the_application_serves_nothing_under_wamp_u_06() {
    static HANDLERS: &[HandlerEntry] = &[
        at(1, "shop::a", rpc("wamp.session.get", nothing)),
        at(2, "shop::b", subscribe("wamp.{x}", accepting)),
        at(3, "shop::c", publish("wamp.{x..}", letting_through)),
        at(4, "shop::d", rpc("wamp", nothing)),
    ];
    let faults = faults([Realm::new("realm1").topic("wamp.x", Topic::open())], HANDLERS);
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert!(faults[0].contains("at src/shop.rs:1: "), "{}", faults[0]);
    static ALLOWED: &[HandlerEntry] =
        &[rpc("wampx.y", nothing), rpc("a.wamp", nothing), rpc("{all..}", nothing)];
    assert!(build([], ALLOWED).is_ok());
}

#[test]
fn a_handler_for_a_realm_that_is_not_declared_is_a_fault() {
    static HANDLERS: &[HandlerEntry] =
        &[at(7, "shop::a", HandlerEntry { realm: Some("staff"), ..rpc("a.b", nothing) })];
    let expected =
        r##"#[rpc("a.b")] shop::a at src/shop.rs:7 is for realm "staff", which is not declared"##;
    assert_eq!(fault([], HANDLERS), expected);
    assert_eq!(fault([Realm::new("customers")], HANDLERS), expected);
    assert_eq!(fault([Realm::any()], HANDLERS), expected);
    assert!(build([Realm::new("customers"), Realm::new("staff")], HANDLERS).is_ok());
}

#[test]
fn an_open_topic_and_a_handler_for_it_are_a_fault_that_names_both_places() {
    static SUBSCRIBE: &[HandlerEntry] = &[at(1, "shop::a", subscribe("a.{x}", accepting))];
    static PUBLISH: &[HandlerEntry] = &[at(1, "shop::a", publish("a.{x}", letting_through))];
    for handlers in [SUBSCRIBE, PUBLISH] {
        let line = line!() + 1;
        let realm = Realm::new("realm1").topic("a.{y}", Topic::open());
        let text = fault([realm], handlers);
        assert!(text.contains(&format!(r#"topic("a.{{y}}") at {}:{line}"#, file!())), "{text}");
        assert!(text.contains("shop::a at src/shop.rs:1"), "{text}");
    }
}

#[test]
fn an_open_topic_that_is_declared_twice_is_a_fault() {
    let realm = Realm::new("realm1").topic("a.b", Topic::open()).topic("a.b", Topic::open());
    let text = fault([realm], &[]);
    assert_eq!(text.matches(r#"topic("a.b") at "#).count(), 2, "{text}");
}

#[test]
fn a_handler_of_one_direction_and_what_declares_both_are_a_fault_that_names_both_places() {
    static SUBSCRIBE: &[HandlerEntry] = &[
        at(1, "shop::one", subscribe("a.b", accepting)),
        at(2, "shop::two", HandlerEntry { subscribe: true, ..publish("a.b", letting_through) }),
    ];
    let text = fault([], SUBSCRIBE);
    assert!(text.contains("src/shop.rs:1") && text.contains("src/shop.rs:2"), "{text}");
    static PUBLISH: &[HandlerEntry] = &[at(1, "shop::one", publish("a.b", letting_through))];
    let text = fault([Realm::new("realm1").topic("a.b", Topic::read_only())], PUBLISH);
    assert!(text.contains("src/shop.rs:1") && text.contains("topic(\"a.b\")"), "{text}");
}

#[test]
fn a_realm_for_any_name_must_be_the_only_one() {
    let text = fault([Realm::any(), Realm::new("realm1")], &[]);
    assert!(text.contains("Realm::any()"), "{text}");
    assert!(!faults([Realm::any(), Realm::any()], &[]).is_empty());
}

#[test]
fn the_name_of_a_realm_is_a_uri_and_stands_once() {
    assert_eq!(fault([Realm::new("a b")], &[]), r#"realm "a b" is not a valid URI"#);
    assert_eq!(fault([Realm::new("a"), Realm::new("a")], &[]), r#"realm "a" is declared twice"#);
}

#[test]
fn all_faults_are_told_together_and_each_once() {
    static HANDLERS: &[HandlerEntry] = &[
        at(1, "shop::a", rpc("a.b", nothing)),
        at(2, "shop::b", rpc("a.b", nothing)),
        at(3, "shop::c", rpc("a..b", nothing)),
        at(4, "shop::d", HandlerEntry { realm: Some("nowhere"), ..rpc("c", nothing) }),
    ];
    let realms = || [Realm::new("one"), Realm::new("two"), Realm::new("a b")];
    let faults = faults(realms(), HANDLERS);
    assert_eq!(faults.len(), 4, "{faults:?}");
    let text = build(realms(), HANDLERS).unwrap_err().to_string();
    assert!(text.starts_with("the router cannot be built:\n  - "), "{text}");
    assert!(faults.iter().all(|fault| text.contains(&format!("\n  - {fault}"))), "{text}");
}

#[test]
fn what_differs_in_kind_pattern_or_realm_does_not_clash() {
    static HANDLERS: &[HandlerEntry] = &[
        rpc("a.b", nothing),
        subscribe("a.b", accepting),
        publish("a.b", letting_through),
        rpc("a.{x}", nothing),
        rpc("a.{x..}", nothing),
        rpc("{x}.b", nothing),
        session(admitting),
        session(admitting),
        HandlerEntry { realm: Some("one"), ..rpc("c", nothing) },
        HandlerEntry { realm: Some("two"), ..rpc("c", nothing) },
    ];
    let built = build([Realm::new("one"), Realm::new("two")], HANDLERS);
    assert!(built.is_ok(), "{built:?}");
}

#[test]
fn a_handler_of_every_realm_clashes_with_one_of_a_single_realm() {
    static HANDLERS: &[HandlerEntry] = &[
        at(1, "shop::a", rpc("c", nothing)),
        at(2, "shop::b", HandlerEntry { realm: Some("one"), ..rpc("c", nothing) }),
    ];
    let text = fault([Realm::new("one"), Realm::new("two")], HANDLERS);
    assert!(text.contains("src/shop.rs:1") && text.contains("src/shop.rs:2"), "{text}");
}

/// Finding A4: nothing that was said is replaced in silence.
#[test]
fn what_can_be_said_once_is_a_fault_the_second_time_that_names_both_places() {
    type Say = fn(RealmBuilder) -> RealmBuilder;
    let says: [(&str, Say); 7] = [
        ("limits(…)", |realm| realm.limits(Limits::default())),
        ("meta_api(…)", |realm| realm.meta_api(MetaApi::reading())),
        ("disclosure(…)", |realm| realm.disclosure(true)),
        ("trace(…)", |realm| realm.trace(true)),
        ("route_clients(…)", |realm| realm.route_clients(true)),
        ("strict_request_ids(…)", |realm| realm.strict_request_ids(true)),
        ("trustlevel(\"nurse\", …)", |realm| realm.trustlevel("nurse", 1)),
    ];
    for (method, say) in says {
        assert!(build([say(Realm::new("shop"))], &[]).is_ok(), "{method}");
        let text = fault([say(say(Realm::new("shop")))], &[]);
        assert!(text.starts_with(&format!("realm \"shop\": {method} at ")), "{text}");
        assert_eq!(text.matches(file!()).count(), 2, "{text}");
    }
    let builder = || Router::builder().handlers([]);
    for twice in [
        builder().limits(Limits::default()).limits(Limits::default()),
        builder().agent("one").agent("two"),
        builder().limit_private_addresses(true).limit_private_addresses(true),
    ] {
        let error = twice.build().expect_err("said twice");
        assert!(error.to_string().contains("was said before"), "{error}");
    }
}

#[test]
fn what_is_about_different_things_can_be_said_of_each() {
    let ward =
        Realm::new("ward").trustlevel("nurse", 1).trustlevel("doctor", 2).limits(Limits::default());
    let router = Router::builder().realm(ward).limits(Limits::default()).handlers([]).build();
    assert!(router.is_ok(), "{router:?}");
}

#[test]
fn a_limit_with_which_nothing_works_is_a_fault_of_the_router_and_of_the_realm() {
    let limits = Limits::default().outgoing_bytes(0).hello_timeout(Duration::ZERO);
    let error =
        Router::builder().handlers([]).limits(limits.clone()).build().expect_err("two faults");
    let expected = ["`Limits::outgoing_bytes` is zero, but must be positive"];
    assert!(error.faults().any(|fault| fault == expected[0]), "{error}");
    assert_eq!(error.faults().count(), 2, "{error}");
    let faults = faults([Realm::new("shop").limits(limits)], &[]);
    assert!(
        faults.iter().all(|fault| fault.starts_with("realm \"shop\": `Limits::")),
        "{faults:?}"
    );
    assert_eq!(faults.len(), 2);
}

#[test]
fn a_limit_that_forbids_a_thing_altogether_may_be_zero() {
    let limits = Limits::default()
        .registrations(0)
        .subscriptions(0)
        .testaments(0)
        .denial_delay(Duration::ZERO);
    Router::builder()
        .handlers([])
        .limits(limits)
        .build()
        .expect("none of the four is needed to work");
}

#[test]
fn a_proxy_that_is_no_network_is_a_fault_and_those_of_every_call_are_trusted() {
    let builder =
        || Router::builder().handlers([]).trust_proxies(["10.0.0.0/8"]).trust_proxies(["::1"]);
    let router = builder().build().expect("two networks");
    let trusted = ["10.1.2.3", "::ffff:10.1.2.3", "::1", "127.0.0.1", "192.0.2.1"]
        .map(|address| router.trusts(address.parse().expect("an address")));
    assert_eq!(trusted, [true, true, true, false, false]);
    let error = builder().trust_proxies(["nginx", "10.1.2.3/8"]).build().expect_err("two faults");
    let faults: Vec<_> = error.faults().collect();
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("trust_proxies: \"nginx\" is no network"), "{error}");
    assert!(faults[1].contains("write \"10.0.0.0/8\""), "{error}");
}

#[test]
fn limits_by_address_hold_for_private_addresses_only_where_the_router_says_so() {
    for (limited, expected) in [(false, [false, false, true]), (true, [true; 3])] {
        let router =
            Router::builder().handlers([]).limit_private_addresses(limited).build().expect("sound");
        let addresses =
            ["127.0.0.1", "fe80::1", "192.0.2.1"].map(|text| text.parse().expect("an address"));
        assert_eq!(addresses.map(|address| router.limited_as(address).is_some()), expected);
    }
}

#[test]
fn a_time_beyond_all_instants_means_never() {
    let never = Duration::MAX;
    let limits = Limits::default()
        .hello_timeout(never)
        .authentication_timeout(never)
        .challenge_timeout(never)
        .goodbye_timeout(never)
        .close_timeout(never)
        .ping_interval(never)
        .pong_timeout(never)
        .assembly_timeout(never)
        .authorize_timeout(never)
        .subscribe_timeout(never)
        .publish_timeout(never);
    let router = Router::builder().handlers([]).limits(limits).build().expect("long is not wrong");
    let mut client = Client::join(&router);
    client.session().close("com.myapp.done");
    client.poll();
    assert!(client.deadline_in().is_some_and(|patience| patience > Duration::from_secs(1 << 30)));
    drop(router.shutdown(never));
    let mut late = Client::connect(&router);
    late.poll();
}

#[test]
fn a_router_that_is_built_counts_its_handlers_in_one_line_and_names_them_at_debug() {
    static HANDLERS: &[HandlerEntry] = &[
        at(1, "shop::one", rpc("a.b", nothing)),
        at(2, "shop::two", rpc("a.c", nothing)),
        at(3, "shop::three", subscribe("a.b", accepting)),
    ];
    let log = Log::of(|| drop(build([], HANDLERS).unwrap()));
    let counts = "INFO target=wamp_actix::session message=serving realms=1 rpc=2 subscribe=1 \
                  publish=0 session=0 ";
    let at_info: Vec<_> = log.lines().filter(|line| line.starts_with("INFO")).collect();
    assert_eq!(at_info, [counts]);
    let named = log.lines().filter(|line| line.starts_with("DEBUG") && line.contains("shop::"));
    assert_eq!(named.count(), 3, "{log}");
}
