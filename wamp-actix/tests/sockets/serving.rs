//! `HttpServer::wamp` sets the server up, over real sockets.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpRequest, HttpServer};
use wamp_actix::{Router, ServeWamp as _, handlers, rpc};

use crate::support::{Client, frame};

/// The value that the application's `on_connect` keeps.
struct Noted;

#[rpc("test.noted")]
async fn noted(request: HttpRequest) -> bool {
    request.conn_data::<Noted>().is_some()
}

/// Counts connections that have TCP_NODELAY.
fn note(count: &AtomicUsize, connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>().unwrap();
    count.fetch_add(usize::from(stream.nodelay().unwrap()), Ordering::Relaxed);
    data.insert(Noted);
}

/// Without `on_connect` the client would wait for an hour for the end of the connection.
#[actix_web::test]
async fn one_line_sets_the_server_up_and_runs_the_on_connect_of_the_application_too() {
    let router = Router::builder().handlers(handlers![noted]).build().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server =
        HttpServer::new(move || App::new().service(router.endpoint("/ws").on_signal(false)))
            .wamp_with(move |connection, data| note(&counted, connection, data))
            .client_disconnect_timeout(Duration::from_secs(3600))
            .workers(1)
            .bind(("127.0.0.1", 0))
            .unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    let client = move || {
        let mut client = Client::join(address);
        client.send(r#"[48,1,{},"test.noted"]"#);
        assert_eq!(client.message(), "[50,1,{},[true]]");
        client.send_bytes(&frame(0x88, &1000_u16.to_be_bytes()));
        assert_eq!(client.read_to_end(), [0x88, 2, 3, 232]);
    };
    spawn_blocking(client).await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
    handle.abort();
}

#[actix_web::test]
#[should_panic = "`.wamp()` must stand before `.bind(…)`"]
async fn a_server_that_is_bound_already_panics_with_the_reason() {
    let bound = HttpServer::new(App::new).workers(1).bind(("127.0.0.1", 0)).unwrap();
    drop(bound.wamp());
}
