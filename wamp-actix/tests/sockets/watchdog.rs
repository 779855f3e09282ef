//! The watchdog notices a client that stops reading, at any time. The test advances the clock
//! itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::rt::time::{sleep, timeout};
use actix_web::web::Data;
use wamp_actix::test::{Wire, join};
use wamp_actix::{Router, handlers, rpc};

/// The maximum time until the watchdog drives a connection whose body is not polled: two ticks, and
/// the delay of the timers.
const NOTICED: Duration = Duration::from_millis(510);

#[rpc("test.note")]
async fn note(noted: Data<AtomicUsize>) {
    noted.fetch_add(1, Ordering::Relaxed);
}

/// Reads the answer to a call, and stops reading right after it.
async fn call(wire: &mut Wire, request: usize) {
    wire.send(&format!(r#"[48,{request},{{}},"test.note"]"#));
    wire.receive().await.unwrap();
}

/// Reads all output that is available.
async fn read(wire: &mut Wire) {
    assert!(timeout(Duration::from_millis(1), wire.receive()).await.is_err(), "nothing is left");
}

#[actix_web::test]
async fn a_client_that_stops_reading_is_noticed_whenever_that_is() {
    tokio::time::pause();
    let router = Router::builder().handlers(handlers![note]).build().unwrap();
    let pauses = [0, 1, 100, 300, 600].map(Duration::from_millis);
    for (first, second) in pauses.iter().flat_map(|first| pauses.map(|second| (*first, second))) {
        for reads_on in [false, true] {
            let noted = Data::new(AtomicUsize::new(0));
            let mut wire = join(&router).app_data(noted.clone()).wire().await.unwrap();
            wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
            wire.receive().await.unwrap();
            for (request, pause) in [(1, first), (2, second)] {
                if reads_on {
                    read(&mut wire).await;
                }
                sleep(pause).await;
                call(&mut wire, request).await;
            }
            wire.send(r#"[48,3,{},"test.note"]"#);
            sleep(NOTICED).await;
            assert_eq!(
                noted.load(Ordering::Relaxed),
                3,
                "after {first:?} and {second:?}, {reads_on}"
            );
        }
    }
}
