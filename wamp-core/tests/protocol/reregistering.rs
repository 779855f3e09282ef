//! REGISTER with `force_reregister`: a client that comes back takes its procedures over before its
//! old connection is missed (finding C11).

use super::support::{self, Client, assert_error, handlers};
use serde_json::{Value, json};
use wamp_core::{Authorization, Error, Identity, MetaApi, Permission, Realm, RealmBuilder, Router};

const EXISTS: &str = "wamp.error.procedure_already_exists";
const DENIED: &str = "wamp.error.not_authorized";

fn router_of(realm: RealmBuilder) -> Router {
    handlers::reset();
    Router::builder().realm(realm).handlers([handlers::ALL]).build().expect("a sound realm")
}

fn router() -> Router {
    router_of(Realm::new("realm1").route_clients(true).meta_api(MetaApi::reading()))
}

/// A client that wants to be told when it loses a registration.
fn announcing(router: &Router) -> Client {
    Client::join_announcing(router, &json!({"callee": {"registration_revocation": true}}))
}

#[track_caller]
fn register(client: &mut Client, request: u64, options: &str, procedure: &str) -> u64 {
    let answer = client.ask(format!(r#"[64,{request},{options},"{procedure}"]"#));
    assert_eq!((&answer[0], &answer[1]), (&65.into(), &request.into()), "{answer}");
    support::id(&answer[2])
}

#[test]
fn a_callee_that_comes_back_takes_its_procedure_over_and_the_old_one_is_told() {
    let router = router();
    let mut old = announcing(&router);
    let before = register(&mut old, 1, "{}", "com.door");
    let mut new = Client::join(&router);
    assert_error(&new.ask(r#"[64,1,{},"com.door"]"#), 64, 1, EXISTS);
    let after = register(&mut new, 2, r#"{"force_reregister":true}"#, "com.door");
    assert_ne!(before, after);
    assert_eq!(old.one(), json!([67, 0, {"registration": before}]));
    let mut caller = Client::join(&router);
    caller.send(r#"[48,1,{},"com.door"]"#);
    let invocation = new.one();
    assert_eq!((&invocation[0], &invocation[2]), (&68.into(), &after.into()));
    old.assert_silent();
    // The registration that the old client lost is not the new one's.
    assert_error(&old.ask(format!("[66,2,{before}]")), 66, 2, "wamp.error.no_such_registration");
    old.lose();
    caller.send(r#"[48,2,{},"com.door"]"#);
    assert_eq!(new.one()[0], 68);
}

#[test]
fn the_old_callee_that_did_not_announce_revocation_is_told_nothing() {
    let router = router();
    let mut old = Client::join(&router);
    register(&mut old, 1, "{}", "com.door");
    register(&mut Client::join(&router), 1, r#"{"force_reregister":true}"#, "com.door");
    old.assert_silent();
}

#[test]
fn what_the_old_callee_was_asked_before_it_answers() {
    let router = router();
    let mut old = announcing(&router);
    let before = register(&mut old, 1, "{}", "com.door");
    let mut caller = Client::join(&router);
    caller.send(r#"[48,1,{},"com.door"]"#);
    let invocation = old.one();
    // One that waits in its mailbox comes before the news.
    caller.send(r#"[48,2,{},"com.door"]"#);
    let mut new = Client::join(&router);
    register(&mut new, 1, r#"{"force_reregister":true}"#, "com.door");
    let messages = old.received();
    assert_eq!((&messages[0][0], &messages[0][2]), (&68.into(), &before.into()));
    assert_eq!(messages[1], json!([67, 0, {"registration": before}]));
    old.send(format!("[70,{},{{}},[1]]", invocation[1]));
    old.send(format!("[70,{},{{}},[2]]", messages[0][1]));
    old.assert_silent();
    assert_eq!(caller.received(), [json!([50, 1, {}, [1]]), json!([50, 2, {}, [2]])]);
}

#[test]
fn it_takes_over_only_what_has_the_same_match_and_invocation_policy() {
    let router = router();
    let mut old = announcing(&router);
    register(&mut old, 1, r#"{"invoke":"roundrobin"}"#, "com.shared");
    register(&mut old, 2, r#"{"match":"prefix"}"#, "com.door");
    let mut new = Client::join(&router);
    for (request, options) in [
        (1, r#"{"force_reregister":true}"#),
        (2, r#"{"force_reregister":true,"invoke":"single"}"#),
        (3, r#"{"force_reregister":true,"invoke":"first"}"#),
    ] {
        let answer = new.ask(format!(r#"[64,{request},{options},"com.shared"]"#));
        assert_error(&answer, 64, request, EXISTS);
    }
    // Another match policy is another registration, beside the first.
    register(&mut new, 4, r#"{"force_reregister":true}"#, "com.door");
    register(&mut new, 5, r#"{"force_reregister":true,"match":"wildcard"}"#, "com.door");
    old.assert_silent();
    register(&mut new, 6, r#"{"force_reregister":true,"match":"prefix"}"#, "com.door");
    assert_eq!(old.one()[0], 67);
}

#[test]
fn all_callees_that_share_a_procedure_give_way() {
    let router = router();
    let mut olds = [announcing(&router), announcing(&router)];
    let ids =
        olds.each_mut().map(|old| register(old, 1, r#"{"invoke":"roundrobin"}"#, "com.shared"));
    let mut new = Client::join(&router);
    let id =
        register(&mut new, 1, r#"{"invoke":"roundrobin","force_reregister":true}"#, "com.shared");
    for old in &mut olds {
        assert_eq!(old.one(), json!([67, 0, {"registration": ids[0]}]));
    }
    // It is shared as before.
    assert_eq!(register(&mut olds[0], 2, r#"{"invoke":"roundrobin"}"#, "com.shared"), id);
}

#[test]
fn a_procedure_of_the_application_is_never_taken_over() {
    let mut client = Client::join(&router());
    assert_error(&client.ask(r#"[64,1,{"force_reregister":true},"test.add"]"#), 64, 1, EXISTS);
    let answer = client.ask(r#"[64,2,{"force_reregister":true,"match":"wildcard"},"test.item."]"#);
    assert_error(&answer, 64, 2, EXISTS);
    assert_eq!(client.ask(r#"[48,3,{},"test.add",[1,2]]"#), json!([50, 3, {}, [3]]));
}

#[test]
fn a_callee_may_register_its_procedure_anew() {
    let router = router();
    let mut client = announcing(&router);
    let before = register(&mut client, 1, "{}", "com.door");
    client.send(r#"[64,2,{"force_reregister":true},"com.door"]"#);
    let messages = client.received();
    let after = messages[0][2].clone();
    assert_eq!(messages, [json!([65, 2, after]), json!([67, 0, {"registration": before}])]);
    client.lose();
    assert_error(
        &Client::join(&router).ask(r#"[48,1,{},"com.door"]"#),
        48,
        1,
        "wamp.error.no_such_procedure",
    );
}

#[test]
fn a_free_procedure_is_registered_as_without_the_option() {
    let mut client = Client::join(&router());
    register(&mut client, 1, r#"{"force_reregister":true}"#, "com.door");
    register(&mut client, 2, r#"{"force_reregister":false}"#, "com.window");
    assert_error(&client.ask(r#"[64,3,{"force_reregister":false},"com.door"]"#), 64, 3, EXISTS);
}

#[test]
fn where_clients_register_nothing_the_option_changes_nothing() {
    let router = router_of(Realm::new("realm1"));
    let answer = Client::join(&router).ask(r#"[64,1,{"force_reregister":true},"com.door"]"#);
    assert_error(&answer, 64, 1, DENIED);
}

#[test]
fn an_option_of_another_type_is_a_violation() {
    let mut client = Client::join(&router());
    client.send(r#"[64,1,{"force_reregister":1},"com.door"]"#);
    client.assert_violated("force_reregister is a bool");
}

#[test]
fn the_meta_events_tell_of_the_end_of_the_old_registration_and_then_of_the_new_one() {
    let router = router();
    let mut old = Client::join(&router);
    let before = register(&mut old, 1, "{}", "com.door");
    let mut watcher = Client::join(&router);
    let topics = ["on_unregister", "on_delete", "on_create", "on_register"];
    let ids = topics.map(|topic| {
        let request =
            1 + topics.iter().position(|other| *other == topic).expect("one of them") as u64;
        watcher.subscribe(request, &format!("wamp.registration.{topic}"))
    });
    let mut new = Client::join(&router);
    let after = register(&mut new, 1, r#"{"force_reregister":true}"#, "com.door");
    let seen: Vec<Value> =
        watcher.received().iter().map(|event| json!([event[1], event[4][0]])).collect();
    assert_eq!(
        seen,
        [
            json!([ids[0], old.id]),
            json!([ids[1], old.id]),
            json!([ids[2], new.id]),
            json!([ids[3], new.id])
        ]
    );
    let lookup = watcher.ask(r#"[48,5,{},"wamp.registration.lookup",["com.door"]]"#);
    assert_eq!(lookup[3], json!([after]));
    let gone = watcher.ask(format!(r#"[48,6,{{}},"wamp.registration.get",[{before}]]"#));
    assert_error(&gone, 48, 6, "wamp.error.no_such_registration");
}

/// Notes whether a registration is to replace others, and lets only devices do that.
async fn decide(request: Authorization) -> Result<Permission, Error> {
    handlers::note(format!("replaces: {}", request.replaces()));
    let permission = Permission::allow().remembered();
    let is_device = request.session().authrole() == "device";
    Ok(if is_device { permission.replacing() } else { permission })
}

fn join(router: &Router, authrole: &str) -> Client {
    let identity = Identity { authrole: authrole.into(), ..Identity::anonymous() };
    Client::join_as(router, "realm1", identity)
}

#[test]
fn an_authoriser_that_only_allows_it_does_not_let_anybody_take_over() {
    let router = router_of(
        Realm::new("realm1").route_clients(true).authorize(decide).authorize_patterns(decide),
    );
    let mut device = join(&router, "device");
    register(&mut device, 1, "{}", "com.door");
    register(&mut device, 2, r#"{"match":"prefix"}"#, "com.window");
    let mut user = join(&router, "user");
    handlers::journal();
    // Nor by what was remembered of a registration that replaces nothing.
    assert_error(&user.ask(r#"[64,1,{},"com.door"]"#), 64, 1, EXISTS);
    let again = r#"{"force_reregister":true}"#;
    for request in [2, 3] {
        assert_error(
            &user.ask(format!(r#"[64,{request},{again},"com.door"]"#)),
            64,
            request,
            EXISTS,
        );
    }
    let answer = user.ask(r#"[64,4,{"force_reregister":true,"match":"prefix"},"com.window"]"#);
    assert_error(&answer, 64, 4, EXISTS);
    let asked = ["replaces: false", "replaces: true", "replaces: true"];
    assert_eq!(handlers::journal(), asked);
    let mut back = join(&router, "device");
    register(&mut back, 1, again, "com.door");
    register(&mut back, 2, r#"{"force_reregister":true,"match":"prefix"}"#, "com.window");
    // A free procedure may be taken by any client that may register.
    register(&mut user, 5, again, "com.roof");
}

#[test]
fn a_callee_that_may_not_take_a_shared_procedure_over_does_not_join_it() {
    let router = router_of(Realm::new("realm1").route_clients(true).authorize(decide));
    let mut device = join(&router, "device");
    register(&mut device, 1, r#"{"invoke":"roundrobin"}"#, "com.door");
    let mut user = join(&router, "user");
    let again = r#"{"force_reregister":true,"invoke":"roundrobin"}"#;
    assert_error(&user.ask(format!(r#"[64,1,{again},"com.door"]"#)), 64, 1, EXISTS);
    register(&mut user, 2, r#"{"invoke":"roundrobin"}"#, "com.door");
}

#[test]
fn every_authoriser_must_let_it_take_over() {
    let realm = Realm::new("realm1")
        .route_clients(true)
        .authorize(|_| async { Ok(Permission::allow().replacing()) })
        .authorize(|_| async { Ok(Permission::allow()) });
    let router = router_of(realm);
    register(&mut join(&router, "device"), 1, "{}", "com.window");
    let mut one = join(&router, "device");
    register(&mut one, 1, "{}", "com.door");
    let answer = join(&router, "device").ask(r#"[64,1,{"force_reregister":true},"com.door"]"#);
    assert_error(&answer, 64, 1, EXISTS);
}

/// An authoriser for patterns alone does not allow that clients take over procedures.
#[test]
fn where_only_patterns_are_authorised_no_callee_takes_over() {
    let realm = Realm::new("realm1").route_clients(true);
    let router =
        router_of(realm.authorize_patterns(|_| async { Ok(Permission::allow().replacing()) }));
    let mut one = join(&router, "user");
    register(&mut one, 1, "{}", "com.door");
    register(&mut one, 2, r#"{"match":"prefix"}"#, "com.door");
    let mut two = join(&router, "user");
    assert_error(&two.ask(r#"[64,1,{"force_reregister":true},"com.door"]"#), 64, 1, EXISTS);
    register(&mut two, 2, r#"{"force_reregister":true,"match":"prefix"}"#, "com.door");
}
