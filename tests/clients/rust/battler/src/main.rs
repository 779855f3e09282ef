//! battler-wamp against `testbed`: logging in by `wamp-scram`. `battler-logins URL`

use std::process::ExitCode;
use std::time::Duration;

use battler_wamp::peer::{PeerConfig, SupportedAuthMethod, new_web_socket_peer};

const DEADLINE: Duration = Duration::from_secs(20);
/// When ABORT and the end of the connection come together, the client looks at either first, and
/// may then tell no reason.
const TRIES: usize = 20;
const NO_REASON: &str = "peer is not connected";

/// Tries to join, and returns the reason if the realm refuses.
async fn join(url: &str, authid: &str, password: &str) -> Result<(), String> {
    let peer = new_web_socket_peer(PeerConfig { name: "battler".to_owned(), ..Default::default() })
        .map_err(|error| error.to_string())?;
    let (id, password) = (authid.to_owned(), password.to_owned());
    let joining = async {
        peer.connect(url).await?;
        peer.join_realm_with_authentication(
            "testbed.scram",
            &[SupportedAuthMethod::WampScram { id, password }],
        )
        .await
    };
    match tokio::time::timeout(DEADLINE, joining).await {
        Ok(joined) => joined.map_err(|error| format!("{error:#}")),
        Err(_) => Err("no answer".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let url = std::env::args().nth(1).expect("the URL of the testbed");
    // Its text for `wamp.error.authentication_denied`.
    let denied = "authentication denied";
    let mut passed = true;
    for (name, authid, password, expected) in [
        ("joe_logs_in_by_pbkdf2", "joe", "pencil", None),
        ("argon_logs_in_by_argon2id13", "argon", "pencil", None),
        ("a_wrong_password_is_denied", "joe", "pen", Some(denied)),
        ("a_wrong_password_of_argon_is_denied", "argon", "pen", Some(denied)),
        ("somebody_whom_nobody_knows_is_denied_alike", "nobody", "pencil", Some(denied)),
    ] {
        let mut outcome = join(&url, authid, password).await;
        for _ in 1..TRIES {
            if outcome.as_ref().is_err_and(|error| error == NO_REASON) {
                outcome = join(&url, authid, password).await;
            }
        }
        let is_right = match (&outcome, expected) {
            (Ok(()), None) => true,
            (Err(error), Some(reason)) => error.contains(reason),
            _ => false,
        };
        if is_right {
            println!("ok {name}");
        } else {
            println!("FAIL {name}: {outcome:?}");
        }
        passed &= is_right;
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
