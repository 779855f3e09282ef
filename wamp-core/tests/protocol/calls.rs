//! CALL, and the handlers that answer it.

use super::support::{self, Client, assert_error, handlers, hello, router, router_with};
use serde_json::{Value, json};
use wamp_core::{Close, Identity, Limits};

const WAIT: [&str; 3] = ["a", "b", "c"];

fn wait(request: u64, gate: &str) -> String {
    format!(r#"[48,{request},{{}},"test.wait",["{gate}"]]"#)
}

#[test]
fn the_arguments_come_back_as_they_were_sent_c_01() {
    let mut client = Client::join(&router());
    let result = client.ask(r#"[48,1,{},"test.all",["hi"],{"k":1}]"#);
    assert_eq!(result, json!([50, 1, {}, ["hi"], {"k": 1}]));
    for value in [json!(null), json!([]), json!({"a": [1, {"b": 0.5}]}), json!("\u{0}é\"")] {
        let mut client = Client::join(&router());
        let result = client.ask(format!(r#"[48,1,{{}},"test.echo",[{value}]]"#));
        assert_eq!(result, json!([50, 1, {}, [value]]));
    }
}

#[test]
fn every_shape_of_result_has_its_own_form_c_02() {
    let mut client = Client::join(&router());
    for (request, (procedure, result)) in [
        ("test.nothing", json!([50, 1, {}])),
        ("test.pair", json!([50, 2, {}, [1, "two"]])),
        ("test.kwargs", json!([50, 3, {}, [], {"title": "WAMP"}])),
        ("test.item.joe", json!([50, 4, {}, ["joe"]])),
        ("test.rest.a.b", json!([50, 5, {}, ["a.b"]])),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(client.ask(format!(r#"[48,{},{{}},"{procedure}"]"#, request + 1)), *result);
    }
}

#[test]
fn a_procedure_that_is_not_served_does_not_exist_c_03() {
    let mut client = Client::join(&router());
    for (request, uri) in [
        "a.b",
        "test",
        "test.add.more",
        "test.item",
        "test.item.a.b",
        "test.rest",
        "TEST.ADD",
        "open.a",
    ]
    .iter()
    .enumerate()
    {
        let request = request as u64 + 1;
        let answer = client.ask(format!(r#"[48,{request},{{}},"{uri}"]"#));
        assert_error(&answer, 48, request, "wamp.error.no_such_procedure");
    }
}

#[test]
fn arguments_that_do_not_fit_are_an_invalid_argument_c_04() {
    let mut client = Client::join(&router());
    for (request, (arguments, names)) in [
        ("[1]", "`b`"),
        ("[]", "`a`"),
        ("[1,2,3]", "2 expected"),
        (r#"["1",2]"#, "`a`"),
        ("[1,null]", "`b`"),
        (r#"[1,2],{"a":1}"#, "`a`"),
        (r#"[1,2],{"c":1}"#, "`c`"),
        (r#"[1],{"b":1.5}"#, "`b`"),
    ]
    .iter()
    .enumerate()
    {
        let request = request as u64 + 1;
        let answer = client.ask(format!(r#"[48,{request},{{}},"test.add",{arguments}]"#));
        assert_error(&answer, 48, request, "wamp.error.invalid_argument");
        assert!(answer[5][0].as_str().unwrap().contains(names), "{answer}");
    }
    assert_eq!(client.ask(r#"[48,9,{},"test.add",[1.0],{"b":2}]"#), json!([50, 9, {}, [3]]));
}

#[test]
fn arguments_may_be_absent_or_come_by_position_and_by_keyword() {
    let mut client = Client::join(&router());
    for (request, (call, result)) in [
        (r#""test.greet""#, json!("you")),
        (r#""test.greet",[]"#, json!("you")),
        (r#""test.greet",["a"]"#, json!("a")),
        (r#""test.greet",["a",null]"#, json!("a")),
        (r#""test.greet",[null,2]"#, json!("youyou")),
        (r#""test.greet",["a"],{"times":3}"#, json!("aaa")),
        (r#""test.greet",[],{"times":2,"name":"b"}"#, json!("bb")),
        (r#""test.add",[],{"b":1,"a":2}"#, json!(3)),
        (r#""test.count",[1]"#, json!(1)),
        (r#""test.count",[1,2,3]"#, json!(6)),
        (r#""test.count",[1,2],{"x":3,"y":4}"#, json!(10)),
        (r#""test.count",[],{"first":5,"x":3}"#, json!(8)),
    ]
    .iter()
    .enumerate()
    {
        let request = request + 1;
        assert_eq!(
            client.ask(format!("[48,{request},{{}},{call}]")),
            json!([50, request, {}, [result]]),
            "{call}"
        );
    }
}

#[test]
fn an_error_of_the_application_keeps_its_uri_and_arguments_c_05() {
    let mut client = Client::join(&router());
    let answer = client.ask(r#"[48,1,{},"test.fail"]"#);
    assert_eq!(answer, json!([8, 48, 1, {}, "test.error.failed", ["out of luck", 2], {"left": 3}]));
}

#[test]
fn a_handler_that_panics_is_a_runtime_error_without_the_panics_text_and_the_session_lives_c_06() {
    let mut client = Client::join(&router());
    for (request, procedure) in
        ["test.panic", "test.panic_in_drop", "test.panic_in_result"].iter().enumerate()
    {
        let request = request as u64 + 1;
        let answer = client.ask(format!(r#"[48,{request},{{}},"{procedure}"]"#));
        assert_error(&answer, 48, request, "wamp.error.runtime_error");
        assert!(answer[5][0].is_string() && !answer.to_string().contains("secret"), "{answer}");
    }
    assert_eq!(client.ask(r#"[48,4,{},"test.add",[1,2]]"#), json!([50, 4, {}, [3]]));
}

#[test]
fn a_handler_that_panics_after_it_waited_is_answered_too_c_06() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{},"test.wait_then_panic",["a"]]"#);
    client.assert_silent();
    handlers::open("a");
    assert_error(&client.one(), 48, 1, "wamp.error.runtime_error");
}

#[test]
fn the_panic_of_a_handler_that_is_dropped_ends_with_it_c_06() {
    let router = router();
    let mut client = Client::join(&router);
    client.send(r#"[48,1,{},"test.wait_and_panic"]"#);
    client.send(r#"[48,2,{},"test.wait_and_panic"]"#);
    client.send(r#"[6,{},"wamp.close.normal"]"#);
    assert_eq!(client.one(), json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(handlers::journal(), ["sore", "sore"]);
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
}

#[test]
fn results_come_in_the_order_in_which_they_are_ready_c_07() {
    let mut client = Client::join(&router());
    for (request, gate) in WAIT.iter().enumerate() {
        client.send(wait(request as u64 + 1, gate));
    }
    assert_eq!(client.ask(r#"[48,4,{},"test.add",[1,2]]"#), json!([50, 4, {}, [3]]));
    for (gate, request) in [("b", 2), ("c", 3), ("a", 1)] {
        handlers::open(gate);
        assert_eq!(client.one(), json!([50, request, {}, [gate]]));
    }
    client.assert_silent();
}

#[test]
fn handlers_wake_their_connection_only_c_07() {
    let router = router();
    let (mut one, mut two) = (Client::join(&router), Client::join(&router));
    one.send(wait(1, "a"));
    two.send(wait(1, "a"));
    one.assert_silent();
    two.assert_silent();
    handlers::open("a");
    two.assert_silent();
    assert_eq!(one.one(), json!([50, 1, {}, ["a"]]));
    handlers::refuse("a");
    one.assert_silent();
    assert_error(&two.one(), 48, 1, "test.error.refused");
}

#[test]
fn a_gate_that_opens_before_the_first_poll_is_not_missed_c_07() {
    let mut client = Client::join(&router());
    client.send(wait(1, "a"));
    handlers::open("a");
    assert_eq!(client.one(), json!([50, 1, {}, ["a"]]));
}

#[test]
fn each_of_a_thousand_calls_is_answered_once_c_09() {
    let limits = Limits::default().calls_in_flight(1000);
    let mut client = Client::join(&router_with(limits));
    let mut answers: Vec<Value> = Vec::new();
    for request in 1..=1000_u64 {
        let call = match request % 5 {
            0 => wait(request, "a"),
            1 => wait(request, "b"),
            2 => format!(r#"[48,{request},{{}},"test.panic"]"#),
            3 => format!(r#"[48,{request},{{}},"test.none"]"#),
            _ => format!(r#"[48,{request},{{}},"test.add",[1,2]]"#),
        };
        client.send(call);
        if request % 7 == 0 {
            answers.append(&mut client.received());
        }
    }
    (0..200).for_each(|_| handlers::open("a"));
    (0..200).for_each(|_| handlers::refuse("b"));
    answers.append(&mut client.received());
    let request =
        |message: &Value| if message[0] == 8 { &message[2] } else { &message[1] }.as_u64().unwrap();
    let mut requests: Vec<u64> = answers.iter().map(request).collect();
    requests.sort_unstable();
    assert_eq!(requests, (1..=1000).collect::<Vec<_>>());
    let errors = answers.iter().filter(|message| message[0] == 8).count();
    assert_eq!(errors, 600);
}

#[test]
fn calls_of_a_session_that_leaves_are_dropped_unanswered_c_11() {
    let router = router();
    for (leave, says) in [(r#"[6,{},"wamp.close.normal"]"#, 1), (r#"[3,{},"a.b"]"#, 0), ("[", 1)] {
        let mut client = Client::join(&router);
        client.send(wait(1, "a"));
        client.assert_silent();
        client.send(leave);
        assert_eq!(handlers::journal(), ["dropped wait a"]);
        assert_eq!((handlers::waiting("a"), client.received().len()), (0, says));
    }
    let mut client = Client::join(&router);
    client.send(wait(1, "a"));
    drop(client);
    assert_eq!(handlers::journal(), ["dropped wait a"]);
}

#[test]
fn messages_are_kept_as_long_as_a_call_is_at_work_or_a_publication_waits() {
    let router = router();
    let mut client = Client::join(&router);
    client.ask(r#"[48,1,{},"test.add",[1,2]]"#);
    assert!(!client.keeps_messages());
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    assert!(client.keeps_messages());
    handlers::open("a");
    client.one();
    assert!(!client.keeps_messages());
    client.send(r#"[16,3,{"acknowledge":true},"slow.b",[1]]"#);
    assert!(client.keeps_messages());
    handlers::open("slow.b");
    client.one();
    assert!(!client.keeps_messages());
}

#[test]
fn one_call_more_than_may_be_in_flight_is_answered_at_once() {
    let limits = Limits::default().calls_in_flight(2);
    let mut client = Client::join(&router_with(limits));
    client.send(wait(1, "a"));
    client.send(wait(2, "a"));
    for request in 3..10 {
        assert_error(&client.ask(wait(request, "a")), 48, request, "wamp.error.unavailable");
    }
    assert_eq!(handlers::waiting("a"), 2);
    handlers::open("a");
    assert_eq!(client.one(), json!([50, 1, {}, ["a"]]));
    client.send(wait(10, "b"));
    client.assert_silent();
    handlers::open("b");
    assert_eq!(client.one(), json!([50, 10, {}, ["b"]]));
}

#[test]
fn the_calls_of_one_session_are_counted_apart_from_those_of_another() {
    let router = router_with(Limits::default().calls_in_flight(1));
    let (mut one, mut two) = (Client::join(&router), Client::join(&router));
    one.send(wait(1, "a"));
    two.send(wait(1, "a"));
    one.assert_silent();
    two.assert_silent();
}

#[test]
fn a_result_beyond_the_limit_is_an_error_and_one_at_the_limit_is_not_t_21() {
    let longest = json!([50, 1, {}, ["x".repeat(100)]]);
    let max_result_bytes = support::wire::encode(support::wire::serializer(), &longest).len();
    let mut client =
        Client::join(&router_with(Limits::default().max_result_bytes(max_result_bytes)));
    let result = client.ask(r#"[48,1,{},"test.long",[100]]"#);
    assert_eq!(result[3][0].as_str().map(str::len), Some(100));
    let answer = client.ask(r#"[48,2,{},"test.long",[101]]"#);
    assert_error(&answer, 48, 2, "wamp.error.payload_size_exceeded");
    assert_eq!(client.ask(r#"[48,3,{},"test.add",[1,2]]"#), json!([50, 3, {}, [3]]));
}

#[test]
fn a_result_that_json_cannot_express_is_an_invalid_payload_and_the_session_lives() {
    let mut client = Client::join(&router());
    let answer = client.ask(r#"[48,1,{},"test.keys"]"#);
    assert_error(&answer, 48, 1, "wamp.error.invalid_payload");
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
}

#[test]
fn an_error_whose_arguments_json_cannot_express_keeps_its_uri() {
    let mut client = Client::join(&router());
    let answer = client.ask(r#"[48,1,{},"test.fail_with_keys"]"#);
    assert_eq!(answer, json!([8, 48, 1, {}, "test.error.failed"]));
}

#[test]
fn a_value_that_panics_while_it_is_written_leaves_no_half_of_a_message() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{},"test.add",[1,2]]"#);
    client.send(r#"[48,2,{},"test.panic_while_written"]"#);
    client.send(r#"[48,3,{},"test.add",[1,2]]"#);
    let messages = client.received();
    assert_eq!((messages.len(), &messages[0]), (3, &json!([50, 1, {}, [3]])));
    assert_error(&messages[1], 48, 2, "wamp.error.runtime_error");
    assert_eq!(messages[2], json!([50, 3, {}, [3]]));
}

#[test]
fn a_procedure_of_a_role_is_for_sessions_of_that_role() {
    let router = router();
    for (role, may) in [("anonymous", false), ("staff", true), ("boss", true), ("Staff", false)] {
        let identity = Identity { authrole: role.into(), ..Identity::anonymous() };
        let mut client = Client::join_as(&router, "realm1", identity);
        let answer = client.ask(r#"[48,1,{},"test.staff"]"#);
        if may {
            assert_eq!(answer, json!([50, 1, {}]));
        } else {
            assert_error(&answer, 48, 1, "wamp.error.not_authorized");
        }
    }
}

#[test]
fn a_handler_may_end_its_own_session_and_answers_before() {
    let mut client = Client::join(&router());
    client.send(r#"[48,1,{},"test.close",["app.done"]]"#);
    assert_eq!(client.received(), [json!([50, 1, {}]), json!([6, {}, "app.done"])]);
}

#[test]
fn a_peer_that_does_not_read_is_not_read() {
    let limits = Limits::default().outgoing_bytes(100);
    let mut client = Client::connect(&router_with(limits));
    client.send(hello("realm1"));
    assert!(!client.wants_input());
    assert_eq!(client.received().len(), 1);
    assert!(client.wants_input());
    assert_eq!(client.close(), None::<Close>);
}
