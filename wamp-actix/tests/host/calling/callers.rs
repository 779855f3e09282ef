//! The details of its caller that a handler sees, and payloads in passthru mode.

use serde_json::{Value, json};
use wamp_actix::test::{Wire, join};
use wamp_actix::{
    Call, Passthru, Raw, Realm, Reply, Router, Session, Trace, handlers, publish, rpc,
};

use super::text;

/// Returns a payload in passthru mode unchanged.
#[rpc("test.sealed")]
async fn sealed(payload: Raw<'_>, passthru: Passthru) -> Reply {
    Reply::new().arg(payload).passthru(passthru)
}

#[rpc("test.scheme")]
async fn scheme(_payload: Raw<'_>, passthru: Option<Passthru>) -> Option<String> {
    passthru.map(|passthru| passthru.scheme)
}

#[rpc("test.plain")]
async fn plain(payload: Raw<'_>) -> Raw<'_> {
    payload
}

/// Returns a result in passthru mode.
#[rpc("test.seal")]
async fn seal() -> Reply {
    let passthru = Passthru { scheme: "x_own".into(), serializer: None, cipher: None, keyid: None };
    Reply::new().arg("\u{0}AAEC").passthru(passthru)
}

/// Returns whether the caller is disclosed, and checks that it is the session itself.
#[rpc("test.is_disclosed")]
async fn is_disclosed(call: Call, session: Session) -> bool {
    assert!(call.caller().is_none_or(|caller| caller == session.id()));
    call.caller().is_some()
}

const SEALED: &str = r#"["\u0000AAEC"]"#;

async fn opened(announces_passthru: bool) -> Wire {
    let handlers = handlers![sealed, scheme, plain, seal, is_disclosed];
    let router = Router::builder().handlers(handlers).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    let features = json!({"payload_passthru_mode": announces_passthru});
    wire.send(&json!([1, "realm1", {"roles": {"caller": {"features": features}}}]).to_string());
    assert!(text(&mut wire).await.starts_with("[2,"));
    wire
}

async fn ask(wire: &mut Wire, message: &str) -> Value {
    wire.send(message);
    serde_json::from_str(&text(wire).await).unwrap()
}

#[actix_web::test]
async fn a_sealed_payload_and_its_keys_reach_the_handler_and_come_back_x_01() {
    let mut wire = opened(true).await;
    let keys = json!({
        "ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305",
        "ppt_keyid": "k",
    });
    let result = ask(&mut wire, &format!(r#"[48,1,{keys},"test.sealed",{SEALED}]"#)).await;
    assert_eq!(result, json!([50, 1, keys, ["\u{0}AAEC"]]));
}

#[actix_web::test]
async fn an_optional_passthru_is_none_for_a_payload_that_is_not_sealed() {
    let mut wire = opened(true).await;
    let sealed =
        ask(&mut wire, &format!(r#"[48,1,{{"ppt_scheme":"x_own"}},"test.scheme",{SEALED}]"#)).await;
    assert_eq!(sealed, json!([50, 1, {}, ["x_own"]]));
    assert_eq!(
        ask(&mut wire, r#"[48,2,{},"test.scheme",["open"]]"#).await,
        json!([50, 2, {}, [null]])
    );
}

#[actix_web::test]
async fn a_passthru_that_is_not_optional_refuses_a_payload_that_is_not_sealed() {
    let error = ask(&mut opened(true).await, r#"[48,1,{},"test.sealed",["open"]]"#).await;
    assert_eq!((&error[0], &error[4]), (&json!(8), &json!("wamp.error.invalid_argument")));
}

#[actix_web::test]
async fn a_handler_that_does_not_ask_for_it_takes_no_sealed_payload_x_03() {
    let error = ask(
        &mut opened(true).await,
        &format!(r#"[48,1,{{"ppt_scheme":"x_own"}},"test.plain",{SEALED}]"#),
    )
    .await;
    assert_eq!((&error[0], &error[4]), (&json!(8), &json!("wamp.error.feature_not_supported")));
}

#[actix_web::test]
async fn a_caller_that_does_not_announce_it_gets_no_sealed_result_x_03() {
    let result = ask(&mut opened(true).await, r#"[48,1,{},"test.seal"]"#).await;
    assert_eq!(result, json!([50, 1, {"ppt_scheme": "x_own"}, ["\u{0}AAEC"]]));
    let error = ask(&mut opened(false).await, r#"[48,1,{},"test.seal"]"#).await;
    assert_eq!((&error[0], &error[4]), (&json!(8), &json!("wamp.error.feature_not_supported")));
}

#[actix_web::test]
async fn a_sealed_payload_is_one_binary_argument_x_04() {
    for payload in [r#"["text"]"#, r#"["\u0000AAEC",1]"#, "[]", r#"["\u0000AAEC"],{"k":1}"#] {
        let mut wire = opened(true).await;
        let error =
            ask(&mut wire, &format!(r#"[48,1,{{"ppt_scheme":"x_own"}},"test.sealed",{payload}]"#))
                .await;
        assert_eq!(
            (&error[0], &error[4]),
            (&json!(8), &json!("wamp.error.invalid_argument")),
            "{payload}"
        );
    }
}

#[actix_web::test]
async fn a_caller_is_disclosed_if_it_asks_for_it_di_01() {
    let mut wire = opened(false).await;
    for (request, options, disclosed) in [
        (1, "{}", false),
        (2, r#"{"disclose_me":true}"#, true),
        (3, r#"{"disclose_me":false}"#, false),
    ] {
        let result =
            ask(&mut wire, &format!(r#"[48,{request},{options},"test.is_disclosed"]"#)).await;
        assert_eq!(result, json!([50, request, {}, [disclosed]]));
    }
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[rpc("test.traced")]
async fn traced(trace: Trace) -> String {
    trace.to_string()
}

#[rpc("test.perhaps")]
async fn perhaps(number: u8, trace: Option<Trace>) -> (u8, bool) {
    (number, trace.is_some())
}

#[publish("test.topic")]
async fn topic(trace: Trace) {
    assert_eq!(trace.to_string(), PARENT);
}

#[actix_web::test]
async fn a_handler_takes_the_trace_context_of_its_caller_or_publisher_tc_01() {
    let realm = Realm::new("realm1").trace(true);
    let handlers = handlers![traced, perhaps, topic];
    let router = Router::builder().realm(realm).handlers(handlers).build().unwrap();
    let mut wire = join(&router).wire().await.unwrap();
    wire.send(&json!([1, "realm1", {"roles": {"caller": {}, "publisher": {}}}]).to_string());
    assert!(text(&mut wire).await.starts_with("[2,"));
    let options = json!({"_traceparent": PARENT, "acknowledge": true});
    let answer = ask(&mut wire, &format!(r#"[48,1,{options},"test.traced"]"#)).await;
    assert_eq!(answer, json!([50, 1, {}, [PARENT]]));
    let answer = ask(&mut wire, r#"[48,2,{},"test.traced"]"#).await;
    assert_eq!(answer[4], "wamp.error.invalid_argument");
    let answer = ask(&mut wire, r#"[48,3,{},"test.perhaps",[7]]"#).await;
    assert_eq!(answer, json!([50, 3, {}, [[7, false]]]));
    let answer = ask(&mut wire, &format!(r#"[16,4,{options},"test.topic"]"#)).await;
    assert_eq!(answer[0], 17, "{answer}");
    let answer = ask(&mut wire, r#"[16,5,{"acknowledge":true},"test.topic"]"#).await;
    assert_eq!(answer[4], "wamp.error.invalid_argument");
}
