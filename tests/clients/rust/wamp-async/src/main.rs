//! wamp_async against `testbed`: `wamp-async-testbed URL`

use std::fmt::Debug;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::timeout;
use wamp_async::{Client, ClientConfig, SerializerType, WampArgs, WampError};

const DEADLINE: Duration = Duration::from_secs(20);
const TOPIC: &str = "testbed.open.wamp_async";

async fn add(client: &Client<'_>, a: i64, b: i64) -> Result<Option<WampArgs>, WampError> {
    let (sum, _) = client.call("testbed.add", Some(vec![a.into(), b.into()]), None).await?;
    Ok(sum)
}

/// Runs the checks in one serializer; returns the name of each, and whether it passed.
async fn run(
    url: &str,
    serializer: SerializerType,
) -> Result<Vec<(&'static str, bool)>, WampError> {
    let config = ClientConfig::default().set_serializers(vec![serializer]);
    let (mut client, (events, _)) = Client::connect(url, Some(config)).await?;
    tokio::spawn(events);
    client.join_realm("realm1").await?;
    let mut checks = Vec::new();

    let mut sums = Vec::new();
    for i in 0..20 {
        sums.push(add(&client, i, 1).await?);
    }
    let expected: Vec<_> = (1..=20_i64).map(|sum| Some(vec![sum.into()])).collect();
    checks.push(("calls_are_answered", sums == expected));

    let failed = client.call("testbed.fail", Some(vec![3.into()]), None).await;
    let is_told =
        matches!(&failed, Err(WampError::ServerError(uri, _)) if uri == "testbed.error.failed");
    checks.push(("a_failure_has_its_uri", is_told));

    let (_, mut inbox) = client.subscribe(TOPIC).await?;
    let args = vec![TOPIC.into(), vec!["from the server"].into()];
    client.call("testbed.publish", Some(args), None).await?;
    let event = timeout(DEADLINE, inbox.recv()).await.ok().flatten();
    let args = event.and_then(|(_, args, _)| args);
    checks.push(("an_event_comes", args == Some(vec!["from the server".into()])));

    let published = client.publish(TOPIC, Some(vec!["to others".into()]), None, true).await?;
    checks.push(("a_publication_is_acknowledged", published.is_some()));
    // Leaves the realm too. A `leave_realm` of our own before it is a race inside the library:
    // the server closes after GOODBYE, and `disconnect` panics where it finds its loop ended.
    client.disconnect().await;
    Ok(checks)
}

#[tokio::main]
async fn main() -> ExitCode {
    let url = std::env::args().nth(1).expect("the URL of the testbed");
    let mut passed = true;
    let serializers = [("json", SerializerType::Json), ("msgpack", SerializerType::MsgPack)];
    for (name, serializer) in serializers {
        let checks = match timeout(DEADLINE, run(&url, serializer)).await {
            Ok(Ok(checks)) => checks,
            Ok(Err(error)) => fail(name, &error),
            Err(late) => fail(name, &late),
        };
        for (check, is_right) in checks {
            println!("{} {check}_in_{name}", if is_right { "ok" } else { "FAIL" });
            passed &= is_right;
        }
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fail(name: &str, why: &impl Debug) -> Vec<(&'static str, bool)> {
    eprintln!("{name}: {why:?}");
    vec![("the_session_lasts", false)]
}
