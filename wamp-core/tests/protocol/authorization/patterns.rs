//! Requests that name a pattern are decided by the authorisers for patterns, or denied.

use serde_json::{Value, json};
use wamp_core::{
    Authorization, Capture, Error, Identity, MatchPolicy, Permission, Realm, RealmBuilder, Router,
    Topic,
};

use crate::authorization::{DENIED, guest};
use crate::support::{Client, arguments, assert_error, handlers, subscribed};

/// The closure that was in the documents before patterns were told apart; it compiles, and nothing
/// else has changed.
async fn members_only(request: Authorization) -> Result<Permission, Error> {
    let Some(room) = request.uri().and_then(|uri| uri.strip_prefix("chat.")) else {
        return Ok(Permission::allow());
    };
    let is_member = request.session().authid().ends_with(room);
    Ok(Permission::when(is_member))
}

/// The one of `examples/login`, changed as little.
async fn may(asked: Authorization) -> Result<Permission, Error> {
    let session = asked.session();
    let Some(below) = asked.uri().and_then(|uri| uri.strip_prefix("users.")) else {
        return Ok(Permission::allow());
    };
    let owner = below.split('.').next();
    Ok(Permission::when(session.authrole() == "admin" || owner == Some(session.authid())))
}

fn router_of(realm: RealmBuilder) -> Router {
    handlers::reset();
    Router::builder().realm(realm).handlers([handlers::ALL]).build().expect("a sound realm")
}

fn join(router: &Router, authid: &str) -> Client {
    let identity =
        Identity { authid: authid.into(), authrole: "user".into(), ..Identity::anonymous() };
    Client::join_as(router, "realm1", identity)
}

/// Finding A2, in a realm that declares what it has.
#[test]
fn a_closure_that_knows_no_patterns_lets_no_client_listen_to_all_rooms() {
    let club = Realm::new("realm1").topic("chat.{room}", Topic::open()).authorize(members_only);
    let router = router_of(club);
    let mut mallory = join(&router, "mallory");
    for (request, options, pattern) in [
        (1, r#"{"match":"wildcard"}"#, "chat."),
        (2, r#"{"match":"wildcard"}"#, "chat.lobby"),
        (3, r#"{"match":"prefix"}"#, "chat."),
        (4, r#"{"match":"prefix"}"#, "chat.lobby"),
        (5, r#"{"match":"wildcard","get_retained":true}"#, "."),
    ] {
        let answer = mallory.ask(format!(r#"[32,{request},{options},"{pattern}"]"#));
        assert_error(&answer, 32, request, DENIED);
    }
    let mut member = join(&router, "member.of.lobby");
    member.subscribe(1, "chat.lobby");
    router
        .realm("realm1")
        .expect("declared")
        .publish("chat.lobby")
        .arg(1)
        .send()
        .expect("an event");
    assert_eq!(arguments(&member.received()), [1]);
    mallory.assert_silent();
}

/// Finding A2, in a realm where clients may name what nobody declared.
#[test]
fn a_closure_that_knows_no_patterns_lets_no_client_into_the_rooms_of_others() {
    let router = router_of(Realm::new("realm1").route_clients(true).authorize(may));
    let mut victim = join(&router, "VICTIM");
    let inbox = victim.subscribe(1, "users.VICTIM.inbox");
    let registration = victim.ask(r#"[64,2,{},"users.VICTIM.pin"]"#);
    assert_eq!(registration[0], 65);
    let mut mallory = join(&router, "mallory");
    for (request, code, message) in [
        (1, 32, r#"[32,1,{"match":"prefix"},"user"]"#),
        (2, 32, r#"[32,2,{"match":"prefix"},""]"#),
        (3, 32, r#"[32,3,{"match":"wildcard"},".VICTIM.inbox"]"#),
        (4, 64, r#"[64,4,{"match":"wildcard"},".VICTIM.pin"]"#),
        (5, 64, r#"[64,5,{"match":"prefix"},""]"#),
        (6, 64, r#"[64,6,{"match":"prefix"},"user"]"#),
        (7, 32, r#"[32,7,{},"users.VICTIM.inbox"]"#),
    ] {
        assert_error(&mallory.ask(message), code, request, DENIED);
    }
    router
        .realm("realm1")
        .expect("declared")
        .publish("users.VICTIM.inbox")
        .arg("psst")
        .send()
        .expect("an event");
    assert_eq!(victim.one()[1], inbox);
    victim.send(r#"[48,3,{},"users.VICTIM.pin"]"#);
    assert_eq!(victim.one()[0], 68, "who registered the pin is asked for it");
    mallory.assert_silent();
}

#[test]
fn a_realm_without_an_authoriser_for_patterns_says_so_to_a_client_that_names_one() {
    let router =
        router_of(Realm::new("realm1").topic("open.{name}", Topic::open()).authorize(members_only));
    let answer = join(&router, "joe").ask(r#"[32,1,{"match":"prefix"},"open."]"#);
    assert_error(&answer, 32, 1, DENIED);
    assert!(
        answer[5][0].as_str().is_some_and(|text| text.contains("authorize_patterns")),
        "{answer}"
    );
}

#[test]
fn where_only_patterns_are_authorised_uris_need_no_permission() {
    let realm = Realm::new("realm1").topic("open.{name}", Topic::open()).route_clients(true);
    let router = router_of(realm.authorize_patterns(|_| async { Ok(Permission::deny()) }));
    let mut joe = join(&router, "joe");
    joe.subscribe(1, "open.a");
    assert_eq!(joe.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    assert_eq!(joe.ask(r#"[64,3,{},"com.x"]"#)[0], 65);
    assert_error(&joe.ask(r#"[32,4,{"match":"prefix"},"open."]"#), 32, 4, DENIED);
    assert_error(&joe.ask(r#"[64,5,{"match":"prefix"},"com."]"#), 64, 5, DENIED);
}

/// Notes all that a request says of itself.
async fn describe(request: Authorization) -> Result<Permission, Error> {
    let (action, declared) = (request.action(), request.declared());
    let named = match (request.uri(), request.pattern()) {
        (Some(uri), None) => uri.to_owned(),
        (None, Some((pattern, MatchPolicy::Prefix))) => format!("{pattern}*"),
        (None, Some((pattern, MatchPolicy::Wildcard))) => format!("{pattern}?"),
        other => panic!("{other:?}"),
    };
    let captures = ["name", "path"].map(|name| match request.capture(name) {
        Capture::Value(value) => value.to_owned(),
        Capture::Open => "(open)".to_owned(),
        Capture::Unknown => "-".to_owned(),
    });
    handlers::note(format!(
        "{action:?} {named} {} {}",
        declared.unwrap_or("(none)"),
        captures.join(" ")
    ));
    Ok(Permission::when(declared.is_some()))
}

#[test]
fn a_request_tells_its_declaration_and_its_captures() {
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open())
        .topic("files.{path..}", Topic::open())
        .topic("exact.topic", Topic::open());
    let router =
        router_of(realm.route_clients(true).authorize(describe).authorize_patterns(describe));
    let mut client = Client::join(&router);
    for (request, (message, expected)) in (1..).zip([
        (r#"[32,REQ,{},"open.a"]"#, "Subscribe open.a open.{name} a -"),
        (r#"[32,REQ,{},"exact.topic"]"#, "Subscribe exact.topic exact.topic - -"),
        (r#"[32,REQ,{},"files.a.b"]"#, "Subscribe files.a.b files.{path..} - a.b"),
        (r#"[32,REQ,{},"gated.a"]"#, "Subscribe gated.a gated.{name} a -"),
        (r#"[32,REQ,{},"elsewhere"]"#, "Subscribe elsewhere (none) - -"),
        (r#"[32,REQ,{},"wamp.session.on_join"]"#, "Subscribe wamp.session.on_join (none) - -"),
        (r#"[32,REQ,{"match":"wildcard"},"open."]"#, "Subscribe open.? open.{name} (open) -"),
        (r#"[32,REQ,{"match":"wildcard"},"open.a"]"#, "Subscribe open.a? open.{name} a -"),
        (r#"[32,REQ,{"match":"prefix"},"open."]"#, "Subscribe open.* (none) - -"),
        (
            r#"[32,REQ,{"match":"prefix"},"files.a."]"#,
            "Subscribe files.a.* files.{path..} - (open)",
        ),
        (
            r#"[32,REQ,{"match":"wildcard"},"files..b"]"#,
            "Subscribe files..b? files.{path..} - (open)",
        ),
        (r#"[32,REQ,{"match":"prefix"},""]"#, "Subscribe * (none) - -"),
        (r#"[16,REQ,{},"open.a"]"#, "Publish open.a open.{name} a -"),
        (r#"[16,REQ,{},"slow.a"]"#, "Publish slow.a slow.{name} a -"),
        (r#"[48,REQ,{},"test.item.x"]"#, "Call test.item.x test.item.{name} x -"),
        (r#"[48,REQ,{},"test.rest.x.y"]"#, "Call test.rest.x.y test.rest.{path..} - x.y"),
        (r#"[48,REQ,{},"wamp.session.count"]"#, "Call wamp.session.count (none) - -"),
        (r#"[64,REQ,{},"test.item.x"]"#, "Register test.item.x test.item.{name} x -"),
        (
            r#"[64,REQ,{"match":"wildcard"},"test.item."]"#,
            "Register test.item.? test.item.{name} (open) -",
        ),
        (r#"[64,REQ,{"match":"wildcard"},".item.x"]"#, "Register .item.x? (none) - -"),
    ]) {
        client.send(message.replace("REQ", &request.to_string()));
        client.received();
        assert_eq!(handlers::journal()[0], expected, "{message}");
    }
}

/// A client's own registration does not take its call out of the rule for what the application
/// declared.
#[test]
fn what_clients_registered_does_not_change_under_which_declaration_a_call_falls() {
    let router = router_of(Realm::new("realm1").route_clients(true).authorize(describe));
    let mut client = Client::join(&router);
    assert_eq!(client.ask(r#"[64,1,{},"test.item.x"]"#)[0], 65);
    client.send(r#"[48,2,{},"test.item.x"]"#);
    assert_eq!(client.one()[0], 68);
    let expected =
        ["Register test.item.x test.item.{name} x -", "Call test.item.x test.item.{name} x -"];
    assert_eq!(handlers::journal(), expected);
}

#[test]
fn all_authorisers_must_allow_it_and_the_first_that_does_not_is_the_last_to_be_asked() {
    async fn ask(name: &str, request: Authorization) -> Result<Permission, Error> {
        handlers::note(name);
        let named =
            request.uri().or(request.pattern().map(|(pattern, _)| pattern)).unwrap_or_default();
        Ok(Permission::when(!named.contains(name)))
    }
    let realm = Realm::new("realm1")
        .topic("{all..}", Topic::open())
        .authorize(|request| ask("one", request))
        .authorize(|request| ask("two", request))
        .authorize_patterns(|request| ask("three", request))
        .authorize_patterns(|request| ask("four", request));
    let router = router_of(realm);
    let mut client = Client::join_as(&router, "realm1", guest());
    for (request, (options, topic, asked)) in (1..).zip([
        ("{}", "a", vec!["one", "two"]),
        ("{}", "one", vec!["one"]),
        ("{}", "two", vec!["one", "two"]),
        (r#"{"match":"prefix"}"#, "a.", vec!["three", "four"]),
        (r#"{"match":"prefix"}"#, "three.", vec!["three"]),
        (r#"{"match":"prefix"}"#, "four.", vec!["three", "four"]),
    ]) {
        let answer: Value = client.ask(format!(r#"[32,{request},{options},"{topic}"]"#));
        if topic.starts_with('a') {
            subscribed(&answer, request);
        } else {
            assert_error(&answer, 32, request, DENIED);
        }
        assert_eq!(handlers::journal(), asked);
    }
}
