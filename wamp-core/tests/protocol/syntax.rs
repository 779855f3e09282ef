//! Frames that are messages, and frames that are none.

use super::support::{self, Client, assert_error, handlers, hello, router, router_of, subscribed};
use serde_json::{Value, json};

/// Not a message at all, wherever it comes.
const MALFORMED: &[&str] = &[
    "",
    " ",
    "[1,",
    "hello",
    "{}",
    r#""x""#,
    "1",
    "null",
    "[]",
    "[null]",
    "[1.5]",
    "[true]",
    r#"["1","realm1",{}]"#,
    r#"["48",1]"#,
    "[-1]",
    "[[48],1]",
    r#"[32,1,{},"a.b"] x"#,
    r#"[32,1,{},"a.b"][32,2,{},"a.b"]"#,
    "\u{feff}[32,1,{},\"a.b\"]",
    r#"[32,1,{},"a.b",]"#,
    r#"[32,1,{},"a.b"#,
    r#"[32 1,{},"a.b"]"#,
    r#"[48,1,{},"test.echo",[NaN]]"#,
    r#"[48,1,{},"test.echo",[Infinity]]"#,
    r#"[48,1,{},"test.echo",[01]]"#,
    r#"[48,1,{},"test.echo",["\x"]]"#,
    r#"[48,1,{},"test.echo",[1]"#,
    r#"[48,1,{},"test.echo",[],{1:1}]"#,
    r#"[48,1,{},"test.echo",[],{"a"}]"#,
];

/// Too short, too long, or with an element of the wrong type.
const MISSHAPEN: &[&str] = &[
    "[1]",
    r#"[1,"realm1"]"#,
    r#"[1,"realm1",[]]"#,
    r#"[1,"realm1",null]"#,
    r#"[1,null,{}]"#,
    r#"[1,1,{}]"#,
    r#"[1,"realm1",{},1]"#,
    "[3]",
    "[3,{}]",
    r#"[3,[],"a.b"]"#,
    "[3,{},1]",
    "[6]",
    "[6,{}]",
    r#"[6,[],"a.b"]"#,
    r#"[6,"a.b"]"#,
    "[6,{},1]",
    r#"[6,{},"a.b",[]]"#,
    "[5]",
    r#"[5,""]"#,
    r#"[5,"",[]]"#,
    "[8,68,1,{}]",
    r#"[8,"68",1,{},"a.b"]"#,
    "[16,1,{}]",
    "[16,1,{},1]",
    r#"[16,"1",{},"a.b"]"#,
    r#"[16,1,[],"a.b"]"#,
    r#"[16,1,{},"a.b",{}]"#,
    r#"[16,1,{},"a.b",[],[]]"#,
    r#"[16,1,{},"a.b",[],{},1]"#,
    "[32]",
    "[32,1]",
    "[32,1,{}]",
    r#"[32,"1",{},"a.b"]"#,
    r#"[32,1,[],"a.b"]"#,
    r#"[32,1,{},"a.b",1]"#,
    r#"[32,1,{},"a.b",[]]"#,
    "[34,1]",
    r#"[34,1,"1"]"#,
    "[34,1,0]",
    "[34,1,1,[]]",
    "[34,1,1,{},1]",
    "[48,1]",
    r#"[48,1,{}]"#,
    r#"[48,1,{},1]"#,
    r#"[48,1,{},"a.b",{}]"#,
    r#"[48,1,{},"a.b",[],[]]"#,
    r#"[48,1,{},"a.b",null,[]]"#,
    r#"[48,1,{},"a.b",[],null,null]"#,
    r#"[48,1,{},"a.b",nul]"#,
    r#"[48,null,{},"a.b"]"#,
    r#"[48,1,{},null]"#,
    r#"[48,1,{},"a.b",[],{},{}]"#,
    "[49]",
    "[49,1]",
    "[49,1,[]]",
    r#"[49,"1",{}]"#,
    "[64,1,{}]",
    "[64,1,{},1]",
    r#"[64,1,{},"a.b",1]"#,
    "[66,1]",
    "[66,1,1,1]",
    "[70,1]",
    r#"[70,1,[]]"#,
    r#"[70,1,{},{}]"#,
];

/// Types that nobody knows (M-07), and types that a router sends but never receives (M-08).
const FOREIGN: &[&str] = &[
    "[0]",
    "[4,\"ticket\",{}]",
    "[7,{}]",
    "[9]",
    "[99]",
    "[99,1]",
    "[255]",
    "[256]",
    "[337,1]",
    "[1023]",
    "[18446744073709551615]",
    "[2,1,{}]",
    "[17,1,1]",
    "[33,1,1]",
    "[35,1]",
    "[36,1,1,{}]",
    "[50,1,{}]",
    "[65,1,1]",
    "[67,1]",
    "[68,1,1,{}]",
    "[69,1,{}]",
];

#[test]
fn what_is_no_message_is_a_protocol_violation_before_and_after_hello_t_10_and_m_01() {
    let router = router();
    for message in MALFORMED.iter().chain(MISSHAPEN).chain(FOREIGN) {
        let mut opening = Client::connect(&router);
        opening.send(*message);
        opening.assert_violated(message);
        let mut open = Client::join(&router);
        open.send(*message);
        open.assert_violated(message);
    }
    assert_eq!(router.realm("realm1").unwrap().session_count(), 0);
}

#[test]
fn what_is_no_message_is_a_protocol_violation_before_welcome_too_m_07_and_m_08() {
    static HESITATING: &[wamp_core::__private::HandlerEntry] =
        &[handlers::session(handlers::hesitating)];
    let router = router_of(HESITATING);
    for message in MALFORMED.iter().chain(MISSHAPEN).chain(FOREIGN) {
        let mut joining = Client::connect(&router);
        joining.send(hello("realm1"));
        joining.assert_silent();
        assert_eq!(handlers::waiting("door"), 1);
        joining.send(*message);
        joining.assert_violated(message);
        assert_eq!(handlers::waiting("door"), 0);
    }
}

#[test]
fn what_is_no_message_is_ignored_after_our_goodbye_g_05() {
    let router = router();
    let mut client = Client::join(&router);
    client.session().close("wamp.close.killed");
    assert_eq!(client.one()[0], 6);
    for message in MALFORMED.iter().chain(FOREIGN) {
        client.send(*message);
    }
    client.send_binary(b"[]");
    client.assert_silent();
    assert_eq!(client.close(), None);
}

#[test]
fn a_binary_frame_on_json_is_a_protocol_violation_t_09() {
    let router = router();
    let mut opening = Client::connect(&router);
    opening.send_binary(br#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    opening.assert_violated("HELLO");
    let mut open = Client::join(&router);
    open.send_binary(br#"[48,1,{},"test.add",[1,2]]"#);
    open.assert_violated("CALL");
}

#[test]
fn nesting_without_end_is_a_protocol_violation() {
    let router = router();
    for opening in ["[", "{\"a\":", "[{\"a\":"] {
        for before in
            ["", r#"[48,1,{},"test.echo","#, r#"[48,1,"#, r#"[16,1,{"exclude":"#, r#"[1,"realm1","#]
        {
            let message = format!("{before}{}", opening.repeat(100_000));
            let mut client = Client::join(&router);
            client.send(message);
            client.assert_violated(before);
        }
    }
}

#[test]
fn surplus_options_of_unsubscribe_and_unregister_are_accepted_m_02() {
    let mut client = Client::join(&router());
    let id = client.subscribe(1, "open.a");
    assert_eq!(client.ask(format!(r#"[34,2,{id},{{"_reason":1}}]"#)), json!([35, 2]));
    assert_error(&client.ask("[66,3,1,{}]"), 66, 3, "wamp.error.no_such_registration");
}

#[test]
fn unknown_keys_are_ignored_m_03() {
    let mut client = Client::join(&router());
    let options =
        r#"{"foo_bar":1,"_my_ext":[],"":null,"transaction_hash":{"a":[1.5,"\u0000",1e300]}}"#;
    subscribed(&client.ask(format!(r#"[32,1,{options},"open.a"]"#)), 1);
    assert_eq!(
        client.ask(format!(r#"[48,2,{options},"test.add",[1,2]]"#)),
        json!([50, 2, {}, [3]])
    );
    client.send(format!(r#"[16,3,{options},"open.a"]"#));
    client.assert_silent();
    assert_error(
        &client.ask(format!(r#"[64,4,{options},"a.b"]"#)),
        64,
        4,
        "wamp.error.not_authorized",
    );
    client.send(format!("[49,2,{options}]"));
    client.send(format!(r#"[6,{options},"wamp.close.normal"]"#));
    assert_eq!(client.one()[0], 6);
}

#[test]
fn an_option_of_the_wrong_type_is_a_protocol_violation_m_06() {
    let router = router();
    for options in [
        r#"{"acknowledge":"hello"}"#,
        r#"{"acknowledge":1}"#,
        r#"{"acknowledge":0}"#,
        r#"{"exclude_me":"hello"}"#,
        r#"{"exclude_me":1}"#,
        r#"{"exclude":"hello"}"#,
        r#"{"exclude":["hello"]}"#,
        r#"{"exclude":5}"#,
        r#"{"exclude":[1.5]}"#,
        r#"{"exclude":{}}"#,
        r#"{"exclude_authid":"hello"}"#,
        r#"{"exclude_authid":[123]}"#,
        r#"{"exclude_authrole":"manager"}"#,
        r#"{"exclude_authrole":[true]}"#,
        r#"{"eligible":"hello"}"#,
        r#"{"eligible":[null]}"#,
        r#"{"eligible_authid":123}"#,
        r#"{"eligible_authid":[[]]}"#,
        r#"{"eligible_authrole":[123]}"#,
        r#"{"retain":"hello"}"#,
        r#"{"disclose_me":1}"#,
    ] {
        let mut client = Client::join(&router);
        client.send(format!(r#"[16,1,{options},"open.a"]"#));
        client.assert_violated(options);
    }
    for options in [
        r#"{"match":"invalid"}"#,
        r#"{"match":"Exact"}"#,
        r#"{"match":123}"#,
        r#"{"match":{"exact":null}}"#,
        r#"{"match":["exact"]}"#,
        r#"{"get_retained":"hello"}"#,
        r#"{"get_retained":1}"#,
    ] {
        let mut client = Client::join(&router);
        client.send(format!(r#"[32,1,{options},"open.a"]"#));
        client.assert_violated(options);
    }
    for options in [
        r#"{"timeout":"x"}"#,
        r#"{"timeout":-1}"#,
        r#"{"timeout":1.5}"#,
        r#"{"receive_progress":1}"#,
        r#"{"progress":"yes"}"#,
        r#"{"disclose_me":"x"}"#,
    ] {
        let mut client = Client::join(&router);
        client.send(format!(r#"[48,1,{options},"test.add",[1,2]]"#));
        client.assert_violated(options);
    }
}

#[test]
fn options_of_the_right_type_and_null_ones_are_accepted_m_06() {
    let router = router();
    for options in [
        r#"{"acknowledge":true}"#,
        r#"{"acknowledge":true,"exclude_me":false,"disclose_me":false,"retain":false}"#,
        r#"{"acknowledge":true,"exclude":[],"exclude_authid":[],"exclude_authrole":[]}"#,
        r#"{"acknowledge":true,"eligible":[],"eligible_authid":[],"eligible_authrole":[]}"#,
        r#"{"acknowledge":true,"exclude":[1,2.0,9007199254740992],
            "eligible_authid":["joe","\u00e9"]}"#,
        r#"{"acknowledge":true,"exclude_me":null,"exclude":null,"eligible_authrole":null,
            "ppt_scheme":null}"#,
    ] {
        let mut client = Client::join(&router);
        support::published(&client.ask(format!(r#"[16,1,{options},"open.a"]"#)), 1);
    }
    for options in [
        r#"{"match":"exact"}"#,
        r#"{"match":null}"#,
        r#"{"get_retained":false}"#,
        r#"{"get_retained":null}"#,
        r#"{"m\u0061tch":"ex\u0061ct"}"#,
    ] {
        let mut client = Client::join(&router);
        subscribed(&client.ask(format!(r#"[32,1,{options},"open.a"]"#)), 1);
    }
    for options in [
        r#"{"timeout":1000}"#,
        r#"{"timeout":1000.0}"#,
        r#"{"timeout":null,"progress":null,"ppt_scheme":null}"#,
        r#"{"receive_progress":true,"progress":false,"disclose_me":true}"#,
    ] {
        let mut client = Client::join(&router);
        let result = client.ask(format!(r#"[48,1,{options},"test.add",[1,2]]"#));
        assert_eq!(result, json!([50, 1, {}, [3]]), "{options}");
    }
}

#[test]
fn features_that_are_not_announced_and_must_abort_do_d_18() {
    let router = router();
    for message in [
        r#"[48,1,{"progress":true},"test.add",[1,2]]"#,
        r#"[48,1,{"ppt_scheme":"wamp"},"test.add",[1,2]]"#,
        r#"[16,1,{"ppt_scheme":"wamp"},"open.a"]"#,
    ] {
        let mut client = Client::join(&router);
        client.send(message);
        client.assert_violated(message);
    }
}

#[test]
fn the_server_leaves_empty_arguments_out_m_09() {
    let mut client = Client::join(&router());
    assert_eq!(client.ask(r#"[48,1,{},"test.nothing"]"#), json!([50, 1, {}]));
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    assert_eq!(client.ask(r#"[48,3,{},"test.kwargs"]"#), json!([50, 3, {}, [], {"title": "WAMP"}]));
    assert_eq!(client.ask(r#"[48,4,{},"test.all"]"#), json!([50, 4, {}]));
}

#[test]
fn absent_and_empty_arguments_are_the_same_m_10() {
    let router = router();
    let mut client = Client::join(&router);
    let mut subscriber = Client::join(&router);
    let id = subscriber.subscribe(1, "open.a");
    for (request, tail) in ["", ",[]", ",[],{}", ",[ ] , { }"].iter().enumerate() {
        let request = 2 * request + 1;
        let result = client.ask(format!(r#"[48,{request},{{}},"test.all"{tail}]"#));
        assert_eq!(result, json!([50, request, {}]), "{tail}");
        client.send(format!(r#"[16,{},{{}},"open.a"{tail}]"#, request + 1));
        let event = subscriber.one();
        assert_eq!(event, json!([36, id, event[2], {}]), "{tail}");
    }
    let result = client.ask(r#"[48,9,{},"test.all",[],{"a":1}]"#);
    assert_eq!(result, json!([50, 9, {}, [], {"a": 1}]));
}

#[test]
fn what_is_no_id_is_a_protocol_violation_m_12() {
    let router = router();
    for id in [
        "0",
        "-1",
        "1.5",
        "9007199254740993",
        "9007199254740993.0",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
        r#""1""#,
        "true",
        "null",
        "[1]",
        "{}",
        "-0",
        "0.0",
    ] {
        for message in [
            format!(r#"[48,{id},{{}},"test.add",[1,2]]"#),
            format!(r#"[32,{id},{{}},"open.a"]"#),
            format!(r#"[16,{id},{{}},"open.a"]"#),
            format!("[34,1,{id}]"),
            format!("[34,{id},1]"),
            format!(r#"[64,{id},{{}},"a.b"]"#),
            format!("[66,1,{id}]"),
            format!("[49,{id},{{}}]"),
        ] {
            let mut client = Client::join(&router);
            client.send(message.clone());
            client.assert_violated(&message);
        }
    }
}

#[test]
fn ids_reach_to_2_53_and_may_be_integral_floats_m_12_and_m_13() {
    let mut client = Client::join(&router());
    for (written, id) in [
        ("9007199254740992", 9_007_199_254_740_992_u64),
        ("9007199254740992.0", 9_007_199_254_740_992),
        ("4294967296.0", 4_294_967_296),
        ("1.0", 1),
        ("2e0", 2),
        ("30e-1", 3),
    ] {
        let result = client.ask(format!(r#"[48,{written},{{}},"test.add",[1,2]]"#));
        assert_eq!(result, json!([50, id, {}, [3]]), "{written}");
    }
    let id = client.subscribe(4, "open.a");
    assert_eq!(client.ask(format!("[34,5,{id}.0]")), json!([35, 5]));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts_or_the_message_is_a_violation_m_14() {
    let router = router();
    let mut client = Client::join(&router);
    let result = client.ask(r#"[48,1,{},"test.add",[],{"a":1,"b":2,"a":5}]"#);
    assert_eq!(result, json!([50, 1, {}, [7]]));
    client.send(r#"[16,2,{"acknowledge":true,"acknowledge":false},"open.a"]"#);
    let messages = client.received();
    assert!(messages.is_empty() || messages[0][0] == 3, "{messages:?}");
}

#[test]
fn payload_passes_unchanged_m_16() {
    let router = router();
    let mut client = Client::join(&router);
    let mut subscriber = Client::join(&router);
    let id = subscriber.subscribe(1, "open.a");
    for (request, value) in [
        "null",
        "true",
        "-9223372036854775808",
        "18446744073709551615",
        "1.5e-7",
        r#""\u0000é\ud83d\ude00\"\\""#,
        r#"[[],{},[[null]],{"":{"a":[1,2.5]}}]"#,
    ]
    .iter()
    .enumerate()
    {
        let request = 2 * request + 1;
        let expected: Value = serde_json::from_str(value).unwrap();
        let result = client.ask(format!(r#"[48,{request},{{}},"test.echo",[ {value} ]]"#));
        assert_eq!(result, json!([50, request, {}, [expected]]));
        client.send(format!(r#"[16,{},{{}},"open.a",[{value}],{{"k":{value}}}]"#, request + 1));
        let event = subscriber.one();
        assert_eq!(event, json!([36, id, event[2], {}, [expected], {"k": expected}]));
    }
}

#[test]
fn white_space_around_everything_is_fine() {
    let mut client = Client::connect(&router());
    client.ask(format!(" \n{}\t", hello("realm1")));
    let result = client.ask("\r\n[ 48 , 1 , { } , \"test.add\" , [ 1 , 2 ] ]\n");
    assert_eq!(result, json!([50, 1, {}, [3]]));
}

#[test]
fn an_answer_to_an_invocation_that_never_was_is_a_protocol_violation_p_02_and_p_03() {
    let router = router();
    for message in [
        r#"[8,48,1,{},"a.b"]"#,
        r#"[8,32,1,{},"a.b"]"#,
        r#"[8,68,1,{},"a.b"]"#,
        r#"[8,68,1,{},"a.b",[1],{"a":1}]"#,
        "[70,1,{}]",
        r#"[70,1,{},[1],{"a":1}]"#,
    ] {
        let mut client = Client::join(&router);
        client.send(message);
        client.assert_violated(message);
    }
}

#[test]
fn authenticate_without_a_challenge_is_a_protocol_violation_p_05() {
    let mut client = Client::join(&router());
    client.send(r#"[5,"secret",{}]"#);
    client.assert_violated("AUTHENTICATE");
}

#[test]
fn a_violation_drops_subscriptions_and_handlers_at_once_and_nothing_later_counts_p_01() {
    let router = router();
    let mut other = Client::join(&router);
    other.subscribe(1, "open.a");
    let mut client = Client::join(&router);
    client.subscribe(1, "sub.hold");
    client.send(r#"[48,2,{},"test.wait",["a"]]"#);
    client.send("[");
    client.publish(3, "open.a", "too late");
    assert_eq!(support::handlers::journal(), ["dropped sub.hold", "dropped wait a"]);
    client.assert_violated("[");
    other.assert_silent();
    assert_eq!(router.realm("realm1").unwrap().session_count(), 1);
}
