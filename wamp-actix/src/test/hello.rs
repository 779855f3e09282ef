//! The HELLO of a test client: the realm and the login.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Received, Wire};

/// A function that answers a CHALLENGE: it makes the signature from its `Extra`.
type ChallengeAnswer = Box<dyn FnOnce(&Map<String, Value>) -> String>;

/// The realm and the login of a client.
pub(super) struct Hello {
    pub(super) realm: String,
    pub(super) login: Option<Login>,
}

/// The login of a client.
pub(super) struct Login {
    method: String,
    authid: String,
    answer: ChallengeAnswer,
}

impl Hello {
    pub(super) fn new() -> Self {
        Self { realm: "realm1".into(), login: None }
    }

    pub(super) fn log_in(
        &mut self,
        method: &str,
        authid: &str,
        answer: impl FnOnce(&Map<String, Value>) -> String + 'static,
    ) {
        let (method, authid) = (method.to_owned(), authid.to_owned());
        self.login = Some(Login { method, authid, answer: Box::new(answer) });
    }

    /// Sends HELLO, answers CHALLENGE, and reads WELCOME or ABORT.
    pub(super) async fn answered(self, wire: &mut Wire) -> Option<String> {
        let Self { realm, mut login } = self;
        let roles = json!({ "caller": {}, "publisher": {}, "subscriber": {} });
        let mut details = json!({ "roles": roles });
        if let Some(Login { method, authid, .. }) = &login {
            details["authmethods"] = json!([method]);
            details["authid"] = json!(authid);
        }
        wire.send_message(&json!([1, realm, details]).to_string());
        loop {
            let text = text(wire).await?;
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            let Some(Login { answer, .. }) = login.take_if(|_| message[0] == 4) else {
                return Some(text);
            };
            let extra = message[2].as_object().cloned().unwrap_or_default();
            wire.send_message(&json!([5, answer(&extra), {}]).to_string());
        }
    }
}

/// Returns the next message. The server delays the refusal of a login, so the clock is advanced
/// once if there is no message.
async fn text(wire: &mut Wire) -> Option<String> {
    let mut waited = false;
    poll_fn(|context| {
        loop {
            match wire.poll_receive(context) {
                Poll::Ready(Some(Received::Ping | Received::Pong(_))) => {}
                Poll::Ready(Some(Received::Close(_)) | None) => return Poll::Ready(None),
                Poll::Ready(Some(message)) => return Poll::Ready(wire.message(message)),
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
