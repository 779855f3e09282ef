//! The HELLO of a test client, and what answers it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};

use super::login::Login;
use super::message::Message;
use super::{Received, Wire};

/// The realm, roles and login of a client.
pub(super) struct Hello {
    pub(super) realm: String,
    /// The roles and features; `None` for all that the test client has.
    pub(super) roles: Option<Value>,
    pub(super) login: Option<Login>,
}

impl Hello {
    pub(super) fn new() -> Self {
        Self { realm: "realm1".into(), roles: None, login: None }
    }

    /// Sends HELLO, answers CHALLENGE, and reads WELCOME or ABORT.
    pub(super) async fn answered(self, wire: &mut Wire) -> Option<Message> {
        let Self { realm, roles, mut login } = self;
        let mut details = json!({ "roles": roles.unwrap_or_else(all) });
        if let Some(login) = &login {
            login.announce(&mut details);
        }
        wire.send_message(&json!([1, realm, details]).to_string());
        loop {
            let message = message(wire).await?;
            let Some(login) = login.take_if(|_| message.code() == 4) else {
                return Some(message);
            };
            wire.send_message(&login.authenticate(&message.dict(2)).to_string());
        }
    }
}

/// Returns all roles, with the features that the test client has.
fn all() -> Value {
    let role = |names: &[&str]| {
        let features: Value = names.iter().map(|name| ((*name).to_owned(), json!(true))).collect();
        json!({ "features": features })
    };
    json!({
        "caller": role(&[
            "call_canceling",
            "call_timeout",
            "caller_identification",
            "payload_passthru_mode",
            "progressive_call_invocations",
            "progressive_call_results",
        ]),
        "callee": role(&[
            "call_canceling",
            "caller_identification",
            "pattern_based_registration",
            "payload_passthru_mode",
            "progressive_call_invocations",
            "progressive_call_results",
            "registration_revocation",
            "shared_registration",
        ]),
        "publisher": role(&[
            "payload_passthru_mode",
            "publisher_exclusion",
            "publisher_identification",
            "subscriber_blackwhite_listing",
        ]),
        "subscriber": role(&[
            "pattern_based_subscription",
            "payload_passthru_mode",
            "publisher_identification",
            "subscription_revocation",
        ]),
    })
}

/// Returns the next message. The server delays the refusal of a login, so the clock is advanced
/// once if there is no message.
async fn message(wire: &mut Wire) -> Option<Message> {
    let mut waited = false;
    poll_fn(|context| {
        loop {
            match wire.poll_receive(context) {
                Poll::Ready(Some(Received::Ping | Received::Pong(_))) => {}
                Poll::Ready(Some(Received::Close(_)) | None) => return Poll::Ready(None),
                Poll::Ready(Some(received)) => {
                    return Poll::Ready(wire.message(received).map(Message::of));
                }
                Poll::Pending if waited => return Poll::Pending,
                Poll::Pending => {
                    waited = true;
                    wire.clock().advance(Duration::from_secs(1));
                }
            }
        }
    })
    .await
}
