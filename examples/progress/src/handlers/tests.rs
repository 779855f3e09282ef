//! Tests of the job, as a client sees it.

use actix_web::web::Data;
use serde_json::{Value, json};
use wamp_actix::Router;
use wamp_actix::test::{Client, Received, Subscribed, Wire, join};

use crate::running::Running;

/// Clients of one server.
struct Fixture {
    router: Router,
    running: Data<Running>,
}

impl Fixture {
    fn new() -> Self {
        let router = Router::builder().build().expect("the handlers are valid");
        Self { router, running: Data::default() }
    }

    async fn client(&self) -> Client {
        join(&self.router).app_data(self.running.clone()).await.expect("a session")
    }

    /// Opens a WebSocket, whose messages the test writes by hand.
    async fn wire(&self) -> Wire {
        let mut wire =
            join(&self.router).app_data(self.running.clone()).wire().await.expect("a connection");
        wire.send(r#"[1,"any",{"roles":{"caller":{}}}]"#);
        assert_eq!(next(&mut wire).await[0], 2);
        wire
    }

    /// Joins a client that watches the number of running jobs, which is 0 so far.
    async fn onlooker(&self) -> Subscribed {
        let mut running =
            self.client().await.subscribe("primes.running").await.expect("anybody may");
        assert_eq!(count(&mut running).await, 0);
        running
    }
}

async fn next(wire: &mut Wire) -> Value {
    match wire.receive().await {
        Some(Received::Text(text)) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no message but {other:?}"),
    }
}

async fn count(running: &mut Subscribed) -> u64 {
    let (count,) = running.next().await.expect("an event").payload.args().expect("a number");
    count
}

const ENDLESS: &str = r#"[48,1,{"receive_progress":true},"primes.count",[100000000000]]"#;

#[actix_web::test]
async fn the_primes_are_counted() {
    let result = Fixture::new().client().await.call("primes.count").arg(3_000_000).await.unwrap();
    let (result,): (Value,) = result.args().unwrap();
    assert_eq!(result, json!({ "numbers": 3_000_000, "primes": 216_816 }));
}

#[actix_web::test]
async fn each_slice_is_told() {
    let mut wire = Fixture::new().wire().await;
    wire.send(r#"[48,1,{"receive_progress":true},"primes.count",[1500000]]"#);
    for (progress, numbers, primes) in [(true, 1 << 20, 82_025), (true, 1_500_000, 114_155)] {
        let counted = json!({ "numbers": numbers, "primes": primes });
        assert_eq!(next(&mut wire).await, json!([50, 1, { "progress": progress }, [counted]]));
    }
    assert_eq!(
        next(&mut wire).await,
        json!([50, 1, {}, [{ "numbers": 1_500_000, "primes": 114_155 }]])
    );
}

#[actix_web::test]
async fn a_limit_beyond_the_largest_is_refused() {
    let client = Fixture::new().client().await;
    for limit in [json!(100_000_000_001_u64), json!(-1), json!("many")] {
        let error = client.call("primes.count").arg(limit).await.unwrap_err();
        assert_eq!(error.uri(), "wamp.error.invalid_argument");
    }
}

#[actix_web::test]
async fn a_job_that_is_cancelled_stops() {
    let fixture = Fixture::new();
    let mut running = fixture.onlooker().await;
    let mut wire = fixture.wire().await;
    wire.send(ENDLESS);
    assert_eq!(next(&mut wire).await[2], json!({ "progress": true }));
    assert_eq!(count(&mut running).await, 1);
    wire.send("[49,1,{}]");
    while next(&mut wire).await[0] == 50 {}
    assert_eq!(count(&mut running).await, 0);
}

#[actix_web::test]
async fn a_job_whose_page_is_closed_stops() {
    let fixture = Fixture::new();
    let mut running = fixture.onlooker().await;
    let wire = fixture.wire().await;
    wire.send(ENDLESS);
    assert_eq!(count(&mut running).await, 1);
    drop(wire);
    assert_eq!(count(&mut running).await, 0);
}

#[actix_web::test]
async fn two_jobs_run_beside_each_other() {
    let fixture = Fixture::new();
    let mut running = fixture.onlooker().await;
    let (one, mut other) = (fixture.wire().await, fixture.wire().await);
    one.send(ENDLESS);
    assert_eq!(count(&mut running).await, 1);
    other.send(ENDLESS);
    assert_eq!(count(&mut running).await, 2);
    drop(one);
    assert_eq!(count(&mut running).await, 1);
    assert_eq!(next(&mut other).await[2], json!({ "progress": true }));
}
