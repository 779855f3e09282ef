//! Bounds: calls that wait for a callee, and answers that wait for a caller.

use std::time::Duration;

use super::super::support::{Client, assert_error};
use super::{ALL, call, join, pair, register, router_with};
use serde_json::json;
use wamp_core::{Close, Limits, Router};

#[test]
fn registrations_and_open_invocations_are_bounded() {
    let limits = Limits::default().registrations(2).invocations_in_flight(2);
    let router = router_with(limits);
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    register(&mut callee, 2, &json!({}), "com.q");
    assert_error(&callee.ask(r#"[64,3,{},"com.r"]"#), 64, 3, "wamp.error.not_authorized");
    for request in 1..3 {
        call(&mut caller, request, &json!({}), "com.p");
        assert_error(
            &caller.ask(format!(r#"[49,{request},{{"mode":"skip"}}]"#)),
            48,
            request,
            "wamp.error.canceled",
        );
    }
    assert_eq!(callee.received().len(), 0, "nobody waited for them when they came");
    for request in 3..5 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    call(&mut caller, 5, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 5, "wamp.error.unavailable");
    assert_eq!(callee.received().len(), 2);
    callee.send("[70,1,{}]");
    caller.one();
    call(&mut caller, 6, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 3);
}

#[test]
fn a_callee_that_does_not_read_costs_its_callers_an_error_and_is_not_cut_off() {
    let limits = Limits::default().queued_messages(3);
    let router = router_with(limits);
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..5 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    assert_error(&caller.one(), 48, 4, "wamp.error.unavailable");
    assert_eq!(callee.received().len(), 3);
    assert_eq!(callee.close(), None);
}

#[test]
fn the_calls_and_chunks_that_wait_for_a_callee_do_not_cost_it_its_events() {
    let limits = [Limits::default().queued_messages(3), Limits::default().queued_bytes(200)];
    for limits in limits {
        let router = router_with(limits);
        let (mut caller, mut callee) = pair(&router);
        register(&mut callee, 1, &json!({}), "com.p");
        let subscription = callee.subscribe(2, "com.topic");
        let mut sent = 0;
        while caller.received().is_empty() {
            caller.send(r#"[48,1,{"progress":true},"com.p",["so and so many bytes"]]"#);
            sent += 1;
        }
        assert!((3..=10).contains(&sent), "{sent}");
        let realm = router.realm("realm1").unwrap();
        (2..5).for_each(|number| drop(realm.publish("com.topic").arg(number).send()));
        let received = callee.received();
        assert_eq!(callee.close(), None);
        let of = |code| received.iter().filter(|message| message[0] == code).count();
        // The chunk too many was refused to the caller, and ended its call.
        assert_eq!((of(68), of(69), of(36)), (0, 0, 3), "{received:?}");
        assert_eq!(received[0][1], subscription);
    }
}

#[test]
fn a_call_counts_until_its_callee_has_answered_whether_the_caller_reads_or_not() {
    let router = router_with(Limits::default().invocations_in_flight(2));
    let (mut sleepy, mut callee) = pair(&router);
    let mut caller = join(&router, "realm1", ALL);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..3 {
        call(&mut sleepy, request, &json!({}), "com.p");
    }
    assert_eq!(callee.received().len(), 2);
    call(&mut caller, 1, &json!({}), "com.p");
    assert_error(&caller.one(), 48, 1, "wamp.error.unavailable");
    callee.send("[70,1,{}]");
    callee.send("[70,2,{}]");
    call(&mut caller, 2, &json!({}), "com.p");
    assert_eq!(callee.one()[1], 3);
    assert_eq!(sleepy.received().len(), 2);
}

/// Calls `com.p` so many times, lets the callee see the calls, and then has something to take and
/// does not take it: it has missed what is answered from now on.
fn stalled_caller(router: &Router, calls: u64) -> (Client, Client) {
    let (mut caller, mut callee) = pair(router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..=calls {
        call(&mut caller, request, &json!({"receive_progress": true}), "com.p");
        callee.one();
    }
    caller.send(json!([48, calls + 1, {}, "test.long", [1000]]).to_string());
    callee.send(r#"[70,1,{"progress":true},["the last that finds room"]]"#);
    (0..3).for_each(|_| caller.poll_woken());
    caller.advance(Duration::from_secs(10));
    caller.poll_woken();
    (caller, callee)
}

#[test]
fn a_progressive_result_without_room_ends_its_call_and_no_other() {
    let router = router_with(Limits::default().queued_messages(3).outgoing_bytes(1));
    let (mut caller, mut callee) = stalled_caller(&router, 2);
    for number in 0..3 {
        callee.send(format!(r#"[70,1,{{"progress":true}},[{number}]]"#));
        caller.poll_woken();
        callee.assert_silent();
    }
    callee.send(r#"[70,1,{"progress":true},[3]]"#);
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    // PR-06: once more, if it goes on.
    callee.send(r#"[70,1,{"progress":true},[4]]"#);
    assert_eq!(callee.one(), json!([69, 1, {"mode": "killnowait"}]));
    callee.send(r#"[70,1,{},[5]]"#);
    callee.assert_silent();
    let of_first: Vec<_> =
        caller.received().into_iter().filter(|message| message[1] != 3).collect();
    assert_eq!(of_first.len(), 5, "{of_first:?}");
    assert_eq!(of_first[3], json!([50, 1, {"progress": true}, [2]]));
    assert_error(&of_first[4], 48, 1, "wamp.error.unavailable");
    callee.send(r#"[70,2,{},["the other call"]]"#);
    assert_eq!(caller.one(), json!([50, 2, {}, ["the other call"]]));
    assert_eq!(caller.close(), None);
}

#[test]
fn answers_without_room_become_errors_without_payload() {
    for (limits, length, has_turns) in [
        (Limits::default().queued_messages(3), 10, true),
        (Limits::default().queued_bytes(900), 250, true),
        (Limits::default().queued_bytes(300).queued_bytes_peak(900), 250, false),
    ] {
        let router = router_with(limits.outgoing_bytes(1));
        let (mut caller, mut callee) = stalled_caller(&router, 10);
        let filling = "x".repeat(length);
        for id in 1..=10 {
            let answer = match id % 2 {
                0 => json!([70, id, {}, [filling]]),
                _ => json!([8, 68, id, {}, "com.error", [filling]]),
            };
            callee.send(answer.to_string());
            if has_turns {
                caller.poll_woken();
            }
        }
        callee.assert_silent();
        let answers: Vec<_> =
            caller.received().into_iter().filter(|message| message[1] != 11).collect();
        assert_eq!(caller.close(), None);
        // The progressive one was sent before.
        let (taken, refused) = answers[1..].split_at(3);
        assert!(
            taken
                .iter()
                .all(|answer| *answer.as_array().unwrap().last().unwrap() == json!([filling]))
        );
        assert_eq!(refused.len(), 7);
        for (answer, request) in refused.iter().zip(4..) {
            assert_eq!(*answer, json!([8, 48, request, {}, "wamp.error.unavailable"]));
        }
    }
}

/// B3: many callees that do not read hold no more than `queued_bytes_total`. Who waits for one that
/// is cut off has an answer.
#[test]
fn callees_that_are_furthest_behind_are_cut_off_when_too_much_waits_in_all() {
    let router = router_with(Limits::default().queued_bytes_total(20_000));
    let mut caller = join(&router, "realm1", ALL);
    let mut callees: Vec<_> = (0..3).map(|_| join(&router, "realm1", ALL)).collect();
    for (callee, procedure) in callees.iter_mut().zip(["com.more", "com.less", "com.read"]) {
        register(callee, 1, &json!({}), procedure);
    }
    let filling = "x".repeat(1000);
    let mut request = 0;
    let mut start = |caller: &mut Client, procedure: &str, count: usize| {
        for _ in 0..count {
            request += 1;
            caller.send(json!([48, request, {}, procedure, [filling]]).to_string());
            caller.poll();
        }
    };
    start(&mut caller, "com.more", 12);
    start(&mut caller, "com.less", 5);
    // A call that was read does not count any more.
    for _ in 0..20 {
        start(&mut caller, "com.read", 1);
        assert_eq!(callees[2].received().len(), 1);
    }
    caller.assert_silent();
    start(&mut caller, "com.less", 4);
    callees[0].poll();
    assert_eq!(callees[0].close(), Some(Close::TooSlow));
    let answers = caller.received();
    let mut answered: Vec<_> = answers.iter().map(|answer| answer[2].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, Vec::from_iter(1..=12));
    assert!(answers.iter().all(|answer| answer[4] == "wamp.error.canceled"), "{answers:?}");
    // The bytes that it held are free again.
    start(&mut caller, "com.less", 8);
    assert_eq!(callees[1].received().len(), 17);
    assert_eq!((callees[1].close(), caller.close()), (None, None));
}

/// Many callers that do not read hold no more together than events may.
#[test]
fn callers_that_are_furthest_behind_are_cut_off_when_too_much_waits_in_all() {
    let router = router_with(Limits::default().outgoing_bytes(1).queued_bytes_total(20_000));
    let mut callee = join(&router, "realm1", ALL);
    register(&mut callee, 1, &json!({}), "com.p");
    let mut callers: Vec<_> = (0..3).map(|_| join(&router, "realm1", ALL)).collect();
    let filling = "x".repeat(1000);
    let mut id = 0;
    // The last one reads; of the others the first asks for more.
    for round in 1..=40 {
        for (place, caller) in (1..).zip(&mut callers) {
            if place == 2 && round % 10 != 0 || caller.close().is_some() {
                continue;
            }
            call(caller, round, &json!({}), "com.p");
            assert_eq!(callee.received().len(), 1);
            id += 1;
            callee.send(json!([70, id, {}, [filling]]).to_string());
            callee.assert_silent();
            if place == 3 {
                assert_eq!(caller.one(), json!([50, round, {}, [filling]]));
            } else {
                caller.poll_woken();
            }
        }
    }
    let closed: Vec<_> = callers.iter().map(Client::close).collect();
    assert_eq!(closed, [Some(Close::TooSlow), None, None]);
    assert_eq!(callers[1].received().len(), 4);
}

/// It has its turn after what a caller's queue may hold of one callee.
#[test]
fn a_caller_that_reads_gets_all_results_whatever_their_size() {
    let router = router_with(Limits::default().queued_bytes(64_000).queued_bytes_peak(64_000));
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    for request in 1..=100 {
        call(&mut caller, request, &json!({}), "com.p");
    }
    assert_eq!(callee.received().len(), 100);
    let filling = "x".repeat(20_000);
    let mut results = 0;
    for id in 1..=100 {
        while !callee.wants_input() {
            results += caller.received().len();
            assert!(callee.poll_once(), "it asks for its next turn");
        }
        callee.send(json!([70, id, {}, [filling]]).to_string());
    }
    for answer in caller.received() {
        assert_eq!(answer[0], 50);
        results += 1;
    }
    assert_eq!(results, 100);
}

/// So does the callee.
#[test]
fn a_callee_that_reads_gets_all_calls_whatever_their_size() {
    let router = router_with(Limits::default().queued_bytes(64_000).bytes_in_flight(4_000_000));
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    let filling = "x".repeat(20_000);
    let mut calls = 0;
    for request in 1..=100 {
        while !caller.wants_input() {
            calls += callee.received().len();
            assert!(caller.poll_once(), "it asks for its next turn");
        }
        caller.send(json!([48, request, {}, "com.p", [filling]]).to_string());
    }
    caller.assert_silent();
    assert_eq!(calls + callee.received().len(), 100);
}
