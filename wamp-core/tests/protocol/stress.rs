//! Sessions of several threads that come and go, call and publish: no CALL has two answers, events
//! keep their order, and nothing stays.

use std::collections::{HashMap, HashSet};

use super::support::{self, Client, handlers};
use serde_json::json;
use wamp_core::{History, MetaApi, Realm, Router, SubscriptionId, Topic};

const THREADS: usize = 4;
const SESSIONS: usize = 40;
const CALLS: usize = 8;

/// Registers, calls whoever serves, answers every second invocation, and leaves with the others
/// open.
fn come_and_go(router: &Router) -> (Client, HashSet<u64>) {
    let mut client = Client::join(router);
    client.send(r#"[64,1,{"invoke":"roundrobin"},"com.proc"]"#);
    let mut waiting = HashSet::new();
    for request in (2..).take(CALLS) {
        client.send(format!(r#"[48,{request},{{}},"com.proc",[{request}]]"#));
        waiting.insert(request);
        read(&mut client, &mut waiting);
    }
    (client, waiting)
}

fn read(client: &mut Client, waiting: &mut HashSet<u64>) {
    for message in client.received() {
        let answered = match message[0].as_u64() {
            Some(68) if message[1].as_u64().is_some_and(|id| id % 2 == 0) => {
                client.send(json!([70, message[1], {}, message[4]]).to_string());
                continue;
            }
            Some(50) => message[1].as_u64(),
            Some(8) => message[2].as_u64(),
            _ => continue,
        };
        assert!(waiting.remove(&answered.expect("an id")), "C-09: {message}");
    }
}

#[test]
fn no_call_is_answered_twice_and_no_session_leaves_anything_behind_c_09_and_r_07() {
    handlers::reset();
    let realm = Realm::new("realm1").route_clients(true).meta_api(MetaApi::reading());
    let router = Router::builder().realm(realm).build().expect("the realm is sound");
    std::thread::scope(|scope| {
        let run = || {
            let mut before: Option<(Client, HashSet<u64>)> = None;
            for _ in 0..SESSIONS {
                let mut next = come_and_go(&router);
                if let Some((mut client, mut waiting)) = before.take() {
                    read(&mut client, &mut waiting);
                    client.lose();
                }
                read(&mut next.0, &mut next.1);
                before = Some(next);
            }
        };
        for _ in 0..THREADS {
            scope.spawn(run);
        }
    });
    let mut last = Client::join(&router);
    let lists = last.ask(r#"[48,1,{},"wamp.registration.list"]"#);
    assert_eq!(lists[3], json!([{"exact": [], "prefix": [], "wildcard": []}]));
    assert_eq!(last.ask(r#"[48,2,{},"wamp.session.count"]"#)[3], json!([1]));
}

/// Joins, subscribes, publishes and reads what comes, with others that kill it and revoke what it
/// holds.
fn publish_and_leave(router: &Router, thread: usize) {
    let realm = router.realm("realm1").expect("declared");
    for round in 0..SESSIONS {
        // Perhaps it is killed before it has read WELCOME.
        let mut client = Client::connect(router);
        client.send(support::hello("realm1"));
        client.send(r#"[32,1,{},"open.a"]"#);
        client.send(r#"[32,2,{"match":"prefix"},"open."]"#);
        let mut seen = HashMap::new();
        for request in (3..).take(CALLS) {
            let options = r#"{"exclude_me":false,"retain":true}"#;
            client.send(format!(
                r#"[16,{request},{options},"open.a",["{thread}.{round}",{request}]]"#
            ));
            for event in client.received().iter().filter(|message| message[0] == 36) {
                let last = seen
                    .insert((event[1].to_string(), event[4][0].to_string()), event[4][1].as_u64());
                assert!(last < Some(event[4][1].as_u64()), "{event}");
            }
        }
        let next = (3..).nth(CALLS).unwrap_or_default();
        match round % 4 {
            0 => client
                .send(format!(r#"[48,{next},{{}},"wamp.session.kill_by_authrole",["anonymous"]]"#)),
            1 => client.send(format!(r#"[48,{next},{{}},"wamp.subscription.list"]"#)),
            2 if client.has_session() => (1..9).filter_map(SubscriptionId::new).for_each(|id| {
                realm.revoke(id, client.session().id(), "");
            }),
            _ => {}
        }
        client.received();
    }
}

#[test]
fn sessions_that_are_killed_and_revoked_see_events_in_order_and_leave_nothing_behind_b_12_and_s_19()
{
    handlers::reset();
    let topic = Topic::open().retained();
    let realm =
        Realm::new("realm1").topic("open.{name}", topic).meta_api(MetaApi::reading().killing());
    let router = Router::builder().realm(realm.history("open.a", History::last(10))).build();
    let router = router.expect("the realm is sound");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let router = &router;
            scope.spawn(move || publish_and_leave(router, thread));
        }
    });
    let mut last = Client::join(&router);
    let lists = last.ask(r#"[48,1,{},"wamp.subscription.list"]"#);
    assert_eq!(lists[3], json!([{"exact": [], "prefix": [], "wildcard": []}]));
    assert_eq!(last.ask(r#"[48,2,{},"wamp.session.count"]"#)[3], json!([1]));
}
