//! Peers that do not read, over real sockets: their handlers go on, and are given up after
//! `write_stall`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Client, frame};
use actix_web::rt::task::{spawn_blocking, yield_now};
use actix_web::rt::time::{sleep, timeout};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::sync::Mutex;
use wamp_actix::test::{Received, join};
use wamp_actix::{Left, Limits, Realm, Router, handlers, rpc};

const WRITE_STALL: Duration = Duration::from_secs(1);

type Lock = Data<Mutex<()>>;

/// Holds the lock across an await that ends soon.
#[rpc("test.hold_briefly")]
async fn hold_briefly(lock: Lock) {
    let _held = lock.lock().await;
    sleep(Duration::from_millis(100)).await;
}

/// Holds the lock until it is dropped.
#[rpc("test.hold")]
async fn hold(lock: Lock) {
    let _held = lock.lock().await;
    std::future::pending::<()>().await;
}

#[rpc("test.lock")]
async fn lock(lock: Lock) {
    drop(lock.lock().await);
}

#[rpc("test.megabyte")]
async fn megabyte() -> String {
    "x".repeat(1 << 20)
}

fn router() -> Router {
    let limits = Limits::default().write_stall(WRITE_STALL);
    Router::builder()
        .handlers(handlers![hold_briefly, hold, lock, megabyte, note, piece])
        .limits(limits)
        .metrics(true)
        .build()
        .unwrap()
}

/// Serves the router on a port of its own until the test ends.
fn serve(router: &Router, lock: &Lock) -> SocketAddr {
    let (router, lock) = (router.clone(), lock.clone());
    let app =
        move || App::new().app_data(lock.clone()).service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app)
        .on_connect(wamp_actix::on_connect)
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

/// Runs a client that sends and never reads: it calls `procedure`, and then for so much output that
/// its socket stays full.
fn stalled_client(address: SocketAddr, procedure: &str) -> Client {
    let mut client = Client::join(address);
    client.send(&format!(r#"[48,1,{{}},"{procedure}"]"#));
    for request in 2..40 {
        client.send(&format!(r#"[48,{request},{{}},"test.megabyte"]"#));
    }
    client
}

/// Returns how long a client waits for a lock. Another client, which does not read, holds the lock
/// by calling `procedure`.
async fn wait_for_lock_behind(router: &Router, procedure: &'static str) -> Duration {
    let mutex = Lock::new(Mutex::new(()));
    let address = serve(router, &mutex);
    let stalled = spawn_blocking(move || stalled_client(address, procedure)).await.unwrap();
    while mutex.try_lock().is_ok() {
        yield_now().await;
    }
    let since = Instant::now();
    let client = join(router).app_data(mutex).await.unwrap();
    timeout(WRITE_STALL * 5, client.call("test.lock"))
        .await
        .expect("the lock became free")
        .unwrap();
    drop(stalled);
    since.elapsed()
}

#[rpc("test.note")]
async fn note(lock: Lock, noted: Data<AtomicBool>) {
    drop(lock.lock().await);
    noted.store(true, Ordering::Relaxed);
}

#[actix_web::test]
async fn a_peer_that_reads_again_after_a_stall_leaves_nothing_behind() {
    let router = router();
    let (mutex, noted) = (Lock::new(Mutex::new(())), Data::new(AtomicBool::new(false)));
    let held = mutex.lock().await;
    let mut wire =
        join(&router).app_data(mutex.clone()).app_data(noted.clone()).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.send(r#"[48,1,{},"test.note"]"#);
    assert!(matches!(wire.receive().await, Some(Received::Text(_))));
    // The body is not polled now, so the watchdog drives the handler to its end.
    drop(held);
    while !noted.load(Ordering::Relaxed) {
        yield_now().await;
    }
    assert_eq!(wire.receive().await, Some(Received::Text("[50,1,{}]".into())));
    drop(wire);
    timeout(WRITE_STALL * 5, router.shutdown(Duration::ZERO)).await.expect("no connection is left");
}

#[actix_web::test]
async fn a_handler_goes_on_although_its_client_does_not_read() {
    assert!(wait_for_lock_behind(&router(), "test.hold_briefly").await < WRITE_STALL);
}

#[actix_web::test]
async fn a_lock_held_for_a_client_that_does_not_read_is_free_after_the_write_stall() {
    let router = router();
    let waited = wait_for_lock_behind(&router, "test.hold").await;
    assert!(waited > WRITE_STALL / 2, "given up too early: {waited:?}");
    assert!(waited < WRITE_STALL * 2, "{waited:?}");
    let counts = router.stats().realms.remove(0).counts.unwrap();
    assert!(counts.sessions_closed.contains(&(Left::Stall, 1)), "{counts:?}");
}

static PIECES: AtomicUsize = AtomicUsize::new(0);

#[rpc("test.piece")]
async fn piece() -> String {
    PIECES.fetch_add(1, Ordering::Relaxed);
    "x".repeat(32 << 10)
}

/// Calls without reading until only the watchdog drives the session, then closes, and reads the
/// rest. Returns the last bytes.
fn close_while_stalled(address: SocketAddr, realm: &Realm) -> Vec<u8> {
    let mut client = Client::join(address);
    for request in 1.. {
        client.send(&format!(r#"[48,{request},{{}},"test.piece"]"#));
        let since = Instant::now();
        while PIECES.load(Ordering::Relaxed) < request {
            std::thread::yield_now();
        }
        if since.elapsed() > Duration::from_millis(200) {
            break;
        }
    }
    client.send_bytes(&frame(0x88, &[0x03, 0xe8]));
    // The body is not polled, so the watchdog reads the close frame.
    while realm.session_count() > 0 {
        std::thread::yield_now();
    }
    let mut rest = client.read_to_end();
    rest.split_off(rest.len() - 4)
}

#[actix_web::test]
async fn a_close_frame_of_a_slow_reader_is_answered_after_what_was_sent_before() {
    let router = router();
    let (address, realm) =
        (serve(&router, &Lock::new(Mutex::new(()))), router.realm("realm1").unwrap());
    let last =
        timeout(WRITE_STALL * 20, spawn_blocking(move || close_while_stalled(address, &realm)));
    assert_eq!(last.await.unwrap().unwrap(), [0x88, 2, 0x03, 0xe8]);
}
