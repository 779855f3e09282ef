//! Routed calls between sessions of several threads that come and go: no CALL has two answers, and nothing stays.

mod support;

use std::collections::HashSet;

use serde_json::json;
use support::{Client, handlers};
use wamp_core::{MetaApi, Realm, Router};

const THREADS: usize = 4;
const SESSIONS: usize = 40;
const CALLS: usize = 8;

/// Registers, calls whoever serves, answers every second invocation, and leaves with the others open.
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
fn c_09_and_r_07_no_call_is_answered_twice_and_no_session_leaves_anything_behind() {
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
