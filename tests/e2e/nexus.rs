//! Frames as nexus' Go client writes them, by hand, because the tests do not install Go's
//! toolchain.

use serde_json::json;

use crate::harness::{Received, Server, Session, Socket};

const HELLO: &str = concat!(
    r#"[1,"router",{"authmethods":["anonymous"],"roles":{"#,
    r#""callee":{"features":{"call_canceling":true,"progressive_call_results":true}},"#,
    r#""caller":{"features":{"call_canceling":true,"progressive_call_results":true}},"#,
    r#""publisher":{"features":{}},"subscriber":{"features":{}}}}]"#,
);

fn join(server: &Server) -> Session {
    let mut socket = Socket::open(server);
    socket.text(HELLO);
    assert!(matches!(socket.receive(), Received::Text(welcome) if welcome[0] == 2));
    Session::joined(socket)
}

/// C2: null in front of keywords, in each message that has both, and in place of Options.
#[test]
fn null_in_place_of_arguments_is_served_and_goes_on_to_no_client() {
    let server = Server::testbed();
    let (mut callee, mut caller) = (join(&server), join(&server));
    callee.socket.text(r#"[64,1,null,"com.greet"]"#);
    let registration = callee.receive()[2].clone();
    caller.socket.text(r#"[48,2,{},"com.greet",null,{"name":"Bo"}]"#);
    assert_eq!(callee.receive(), json!([68, 1, registration, {}, [], {"name": "Bo"}]));
    callee.socket.text(r#"[70,1,{},null,{"greeting":"Hej"}]"#);
    assert_eq!(caller.receive(), json!([50, 2, {}, [], {"greeting": "Hej"}]));
    caller.socket.text(r#"[48,3,{},"com.greet",null,null]"#);
    assert_eq!(callee.receive(), json!([68, 2, registration, {}]));
    callee.socket.text(r#"[8,68,2,{},"com.error.unknown",null,{"name":"nobody"}]"#);
    assert_eq!(
        caller.receive(),
        json!([8, 48, 3, {}, "com.error.unknown", [], {"name": "nobody"}])
    );
    callee.socket.text(r#"[32,2,{},"com.news"]"#);
    let subscription = callee.receive()[2].clone();
    caller.socket.text(r#"[16,4,{"acknowledge":true},"com.news",null,{"page":1}]"#);
    let publication = caller.receive()[2].clone();
    assert_eq!(callee.receive(), json!([36, subscription, publication, {}, [], {"page": 1}]));
}

/// C1: its ids are drawn in one order and sent in another, by eight goroutines.
#[test]
fn requests_out_of_order_are_all_answered() {
    let server = Server::testbed();
    let mut session = Session::join(&server);
    for request in [3, 1, 2, 8, 5, 4, 7, 6] {
        session.send(&json!([48, request, {}, "testbed.add", [request, 1]]));
        assert_eq!(session.receive(), json!([50, request, {}, [request + 1]]));
    }
}
