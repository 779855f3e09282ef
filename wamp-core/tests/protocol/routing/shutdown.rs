//! Calls between clients when the router shuts down.

use std::time::Duration;

use super::super::support::Client;
use super::{call, pair, register, router};
use serde_json::json;
use wamp_core::Close;

#[test]
fn a_shutdown_waits_for_the_answers_of_callees() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    callee.one();
    drop(router.shutdown(Duration::from_secs(1)));
    caller.assert_silent();
    callee.assert_silent();
    callee.send("[70,1,{},[1]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
    callee.assert_silent();
    assert_eq!([caller.close(), callee.close()], [Some(Close::Shutdown); 2]);
}

#[test]
fn a_shutdown_waits_for_a_call_that_its_callee_has_not_read() {
    let router = router();
    let (mut caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    call(&mut caller, 1, &json!({}), "com.p");
    drop(router.shutdown(Duration::from_secs(1)));
    assert_eq!(callee.one()[1], 1);
    assert_eq!(callee.close(), None);
    caller.assert_silent();
    callee.send("[70,1,{},[1]]");
    assert_eq!(caller.one(), json!([50, 1, {}, [1]]));
}

/// C-11, CA-01: nobody waits for a call whose caller has left or cancelled it, and the callee never
/// answers it.
#[test]
fn a_shutdown_does_not_wait_for_a_call_without_a_caller() {
    for is_read in [true, false] {
        for leaves in [true, false] {
            let router = router();
            let (mut caller, mut callee) = pair(&router);
            let mut other = Client::join_announcing(&router, &json!({"callee": {}}));
            for (client, procedure) in [(&mut callee, "com.p"), (&mut other, "com.other")] {
                register(client, 1, &json!({}), procedure);
            }
            call(&mut caller, 1, &json!({}), "com.p");
            call(&mut caller, 2, &json!({}), "com.other");
            if is_read {
                assert_eq!((callee.one()[1].clone(), other.one()[1].clone()), (json!(1), json!(1)));
            }
            drop(router.shutdown(Duration::from_secs(60)));
            caller.assert_silent();
            for client in [&mut callee, &mut other] {
                client.received();
                assert_eq!(client.close(), None, "it has a call to answer");
            }
            if leaves {
                caller.lose();
            } else {
                caller.send(r#"[49,1,{"mode":"skip"}]"#);
                caller.send(r#"[49,2,{"mode":"skip"}]"#);
                assert_eq!(caller.received().len(), 2);
            }
            for client in [&mut callee, &mut other] {
                client.received();
                assert_eq!(
                    client.close(),
                    Some(Close::Shutdown),
                    "read: {is_read}, leaves: {leaves}"
                );
            }
        }
    }
}

#[test]
fn a_shutdown_does_not_wait_for_callees_without_calls() {
    let router = router();
    let (caller, mut callee) = pair(&router);
    register(&mut callee, 1, &json!({}), "com.p");
    drop(router.shutdown(Duration::from_secs(1)));
    callee.assert_silent();
    assert_eq!(callee.close(), Some(Close::Shutdown));
    drop(caller);
}
