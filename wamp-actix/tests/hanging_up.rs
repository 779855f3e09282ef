//! After the closing handshake it is for the server to close the transport (RFC 6455, section 7.1.1), over real sockets.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use support::{Client, frame};
use wamp_actix::{Limits, Router};

/// For which actix would wait: longer than a client here waits for anything.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(3600);

const CLOSE: u8 = 0x88;
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// What comes after GOODBYE, for a client that answers the close frame or does not.
async fn read_after_goodbye(answers: bool) -> Vec<u8> {
    let limits = Limits { close_timeout: Duration::from_millis(50), ..Limits::default() };
    let router = Router::builder().handlers([]).limits(limits).build().unwrap();
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app)
        .on_connect(wamp_actix::on_connect)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    let read = spawn_blocking(move || {
        let mut client = Client::join(address);
        client.send(r#"[6,{},"wamp.close.close_realm"]"#);
        assert_eq!(client.message(), r#"[6,{},"wamp.close.goodbye_and_out"]"#);
        if answers {
            client.send_bytes(&frame(CLOSE, &NORMAL));
        }
        client.read_to_end()
    });
    let read = read.await.unwrap();
    handle.abort();
    read
}

#[actix_web::test]
async fn who_answers_the_close_frame_sees_the_end_at_once_and_who_does_not_sees_it_too() {
    for answers in [true, false] {
        assert_eq!(read_after_goodbye(answers).await, [&[CLOSE, 2][..], &NORMAL].concat());
    }
}
