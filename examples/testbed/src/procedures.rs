//! `testbed.*`: procedures of every shape.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use wamp_actix::{
    Args, Call, Chunks, Error, Kwargs, Progress, PublicationId, Raw, Realm, Reply, Session,
    WampError, rpc, uris,
};

#[rpc("testbed.add")]
async fn add(a: i64, b: i64) -> Result<i64, Error> {
    a.checked_add(b).ok_or_else(too_large)
}

#[rpc("testbed.echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}

/// Returns its arguments unchanged.
#[rpc("testbed.args")]
async fn args(#[args] args: Vec<Raw<'_>>, #[kwargs] kwargs: HashMap<String, Raw<'_>>) -> Reply {
    let reply = args.into_iter().fold(Reply::new(), Reply::arg);
    kwargs.into_iter().fold(reply, |reply, (key, value)| reply.kwarg(&key, value))
}

#[rpc("testbed.greet")]
async fn greet(name: &str, #[default("Hello")] greeting: &str) -> String {
    format!("{greeting}, {name}!")
}

#[rpc("testbed.full_name")]
async fn full_name(first_name: &str, last_name: &str) -> String {
    format!("{first_name} {last_name}")
}

#[rpc("testbed.nothing")]
async fn nothing() {}

#[rpc("testbed.pair")]
async fn pair() -> Args<(i64, i64)> {
    Args((1, 2))
}

#[derive(Debug, WampError)]
#[wamp("testbed.error.failed")]
struct Failed {
    code: i64,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "failed with code {}", self.code)
    }
}

#[rpc("testbed.fail")]
async fn fail(code: i64) -> Result<(), Failed> {
    Err(Failed { code })
}

#[rpc("testbed.panic")]
async fn panic() {
    panic!("as asked for");
}

#[derive(Serialize)]
struct Whoami {
    session: u64,
    authid: String,
    authrole: String,
    authmethod: String,
    realm: String,
    procedure: String,
    request: u64,
}

#[rpc("testbed.whoami")]
async fn whoami(session: Session, call: Call) -> Kwargs<Whoami> {
    Kwargs(Whoami {
        session: session.id().get(),
        authid: session.authid().to_owned(),
        authrole: session.authrole().to_owned(),
        authmethod: session.authmethod().to_owned(),
        realm: session.realm().name().to_owned(),
        procedure: call.procedure().to_owned(),
        request: call.request().get(),
    })
}

#[rpc("testbed.countdown")]
async fn countdown(n: u32, progress: Progress<u32>) -> Result<&'static str, Error> {
    for left in (1..=n).rev() {
        progress.send(left).await?;
    }
    Ok("liftoff")
}

/// Returns the sum of the numbers in one or several messages.
#[rpc("testbed.sum")]
async fn sum(mut numbers: Chunks<i64>) -> Result<i64, Error> {
    let mut sum = 0_i64;
    while let Some(number) = numbers.next().await? {
        sum = sum.checked_add(number).ok_or_else(too_large)?;
    }
    Ok(sum)
}

fn too_large() -> Error {
    Error::invalid_argument("the sum does not fit into 64 bits")
}

#[rpc("testbed.secret", role = "user")]
async fn secret() -> &'static str {
    "42"
}

#[rpc("testbed.files.{path..}")]
async fn file(call: Call, path: &str) -> String {
    debug_assert!(call.procedure().ends_with(path), "the capture is the rest of the URI");
    call.procedure().to_owned()
}

#[rpc("testbed.users.{user}.name")]
async fn user_name(user: String) -> String {
    user
}

/// Publishes from the server to any topic.
#[rpc("testbed.publish")]
async fn publish(
    realm: Realm,
    topic: String,
    #[default] args: Vec<Value>,
    #[default] kwargs: Map<String, Value>,
    #[default] options: PublishOptions,
) -> Result<PublicationId, Error> {
    let publish = args.into_iter().fold(realm.publish(topic), wamp_actix::Publish::arg);
    let publish =
        kwargs.into_iter().fold(publish, |publish, (key, value)| publish.kwarg(&key, value));
    Ok(options.apply(publish).send()?)
}

/// The options of PUBLISH that a server can use.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct PublishOptions {
    exclude: Option<Vec<u64>>,
    exclude_authid: Option<Vec<String>>,
    exclude_authrole: Option<Vec<String>>,
    eligible: Option<Vec<u64>>,
    eligible_authid: Option<Vec<String>>,
    eligible_authrole: Option<Vec<String>>,
    retain: bool,
}

impl PublishOptions {
    fn apply(self, mut publish: wamp_actix::Publish) -> wamp_actix::Publish {
        // A number that is not an id names no session.
        let ids = |numbers: Vec<u64>| {
            numbers.into_iter().filter_map(wamp_actix::SessionId::new).collect::<Vec<_>>()
        };
        if let Some(sessions) = self.exclude {
            publish = publish.exclude(ids(sessions));
        }
        if let Some(authids) = self.exclude_authid {
            publish = publish.exclude_authid(authids);
        }
        if let Some(authroles) = self.exclude_authrole {
            publish = publish.exclude_authrole(authroles);
        }
        if let Some(sessions) = self.eligible {
            publish = publish.eligible(ids(sessions));
        }
        if let Some(authids) = self.eligible_authid {
            publish = publish.eligible_authid(authids);
        }
        if let Some(authroles) = self.eligible_authrole {
            publish = publish.eligible_authrole(authroles);
        }
        if self.retain { publish.retain() } else { publish }
    }
}

#[rpc("testbed.kill_me")]
async fn kill_me(session: Session) {
    session.close(uris::KILLED);
}
