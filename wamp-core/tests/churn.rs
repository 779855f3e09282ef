//! Sessions that have ended leave nothing behind in memory.
#![cfg(target_os = "linux")]

#[path = "protocol/support/mod.rs"]
mod support;

use std::fs;

use serde_json::json;
use support::{Client, handlers};
use wamp_core::{MetaApi, Realm, Router, Serializer, Topic};

const SERIALIZER: Serializer = Serializer::Json;

const SESSIONS: usize = 20_000;

/// Until so many have come, tables and the heap may grow.
const WARM: usize = 4_000;

const ALLOWED: u64 = 2 << 20;

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// A session; one of four does a little of everything, and leaves some of it open.
fn live(router: &Router, number: usize) {
    let mut client = Client::join(router);
    if number.is_multiple_of(4) {
        live_fully(&mut client, number);
    }
    if number.is_multiple_of(8) {
        client.send(r#"[6,{},"wamp.close.close_realm"]"#);
        client.received();
    }
    drop(client);
    handlers::reset();
}

fn live_fully(client: &mut Client, number: usize) {
    client.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
    client.send(json!([32, 2, {"match": "prefix"}, format!("com.topic{number}.")]).to_string());
    client.send(json!([64, 3, {}, format!("com.proc{number}")]).to_string());
    client.send(r#"[48,4,{},"test.add",[1,2]]"#);
    client.send(r#"[48,5,{},"test.wait",["a"]]"#);
    client.send(json!([16, 6, {"retain": true}, "open.a", [number]]).to_string());
    client.send(json!([48, 7, {}, format!("com.proc{number}"), [1]]).to_string());
    client.send(json!([48, 8, {"progress": true}, "test.nothing"]).to_string());
    client.received();
}

#[test]
fn twenty_thousand_sessions_leave_no_memory_behind() {
    handlers::reset();
    let realm =
        Realm::new("realm1").route_clients(true).topic("open.{name}", Topic::open().retained());
    let router = Router::builder()
        .realm(realm.meta_api(MetaApi::reading()))
        .handlers([handlers::ALL])
        .build()
        .unwrap();
    let mut before = 0;
    for number in 0..SESSIONS {
        live(&router, number);
        if number == WARM {
            before = resident();
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < ALLOWED, "{} sessions left {grown} bytes behind", SESSIONS - WARM);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
}
