//! After the closing handshake it is for the server to close the transport (RFC 6455, section
//! 7.1.1), over real sockets.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::{Client, frame};
use actix_web::rt::net;
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use socket2::SockRef;
use wamp_actix::{Limits, Router, handlers, rpc};

/// The time for which actix would wait: longer than any timeout of a client here.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(3600);

const CLOSE: u8 = 0x88;
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// Runs a client against a server that would wait for clients to close the connection.
async fn against<T: Send + 'static>(
    router: Router,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app)
        .on_connect(wamp_actix::on_connect)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    let outcome = spawn_blocking(move || client(address)).await.unwrap();
    handle.abort();
    outcome
}

/// Returns the bytes that a client gets until the connection ends, after it has ended the session
/// like this.
async fn read_after(ends: impl FnOnce(&mut Client) + Send + 'static) -> Vec<u8> {
    let limits = Limits::default().close_timeout(Duration::from_millis(50));
    let router = Router::builder().handlers([]).limits(limits).build().unwrap();
    against(router, |address| {
        let mut client = Client::join(address);
        ends(&mut client);
        client.read_to_end()
    })
    .await
}

/// Returns the bytes after GOODBYE, for a client that answers the close frame or does not.
async fn read_after_goodbye(answers: bool) -> Vec<u8> {
    read_after(move |client| {
        client.send(r#"[6,{},"wamp.close.close_realm"]"#);
        assert_eq!(client.message(), r#"[6,{},"wamp.close.goodbye_and_out"]"#);
        if answers {
            client.send_bytes(&frame(CLOSE, &NORMAL));
        }
    })
    .await
}

#[actix_web::test]
async fn a_client_sees_the_end_at_once_whether_it_answers_the_close_frame_or_not() {
    for answers in [true, false] {
        assert_eq!(read_after_goodbye(answers).await, [&[CLOSE, 2][..], &NORMAL].concat());
    }
}

/// actix alone would wait for a second.
#[actix_web::test]
async fn a_client_that_closes_the_websocket_itself_sees_the_end_at_once() {
    for payload in [&NORMAL[..], &[]] {
        let read = read_after(move |client| client.send_bytes(&frame(CLOSE, payload))).await;
        assert_eq!(read, [&[CLOSE, payload.len() as u8][..], payload].concat());
    }
}

/// A refused client keeps no socket, either.
#[actix_web::test]
async fn a_client_that_is_refused_sees_the_end_at_once() {
    let router = Router::builder().handlers([]).build().unwrap();
    let refusal = against(router, |address| {
        let socket = TcpStream::connect(address).unwrap();
        Client::upgrade(socket, "Origin: https://evil.example\r\n").map(drop).unwrap_err()
    })
    .await;
    assert!(refusal.starts_with("HTTP/1.1 403 ") && refusal.ends_with("\n"), "{refusal}");
}

#[rpc("test.text")]
async fn text(kibibytes: usize) -> String {
    "x".repeat(kibibytes << 10)
}

/// Clients that close, with or without GOODBYE, before they have read an answer whose end actix
/// still holds.
#[actix_web::test]
async fn nothing_is_cut_off_when_the_close_frames_cross() {
    // The last of them waits until all others have read.
    let limits = Limits::default().write_stall(Duration::MAX);
    let router = Router::builder().handlers(handlers![text]).limits(limits).build().unwrap();
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app)
        .on_connect(|connection, data| {
            let socket = connection.downcast_ref::<net::TcpStream>().unwrap();
            SockRef::from(socket).set_send_buffer_size(32 << 10).unwrap();
            wamp_actix::on_connect(connection, data);
        })
        .workers(1)
        .bind(("127.0.0.1", 0))
        .unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    for goodbye in [true, false] {
        spawn_blocking(move || leave_before_reading(address, goodbye)).await.unwrap();
    }
    handle.abort();
}

fn leave_before_reading(address: SocketAddr, goodbye: bool) {
    let mut witness = Client::join(address);
    let sizes = (1..=30).map(|pieces| 64 * pieces + 22);
    let mut clients: Vec<_> = sizes.map(|size| (size, Client::join_narrow(address))).collect();
    for (size, client) in &mut clients {
        client.send(&format!(r#"[48,1,{{}},"test.text",[{size}]]"#));
    }
    let_it_work(&mut witness, 1);
    for (_, client) in &mut clients {
        if goodbye {
            client.send(r#"[6,{},"wamp.close.close_realm"]"#);
        }
        client.send_bytes(&frame(CLOSE, &NORMAL));
    }
    let_it_work(&mut witness, 1 + ROUNDS);
    for (size, client) in clients {
        let read = client.read_to_end();
        let end = [&[CLOSE, 2][..], &NORMAL].concat();
        assert!(
            read.len() > size << 10 && read.ends_with(&end),
            "{} bytes of {size} KiB",
            read.len()
        );
    }
}

/// Makes calls one after the other, so that the only worker has done all its work in between.
const ROUNDS: usize = 20;

fn let_it_work(witness: &mut Client, first: usize) {
    for request in first..first + ROUNDS {
        witness.send(&format!(r#"[48,{request},{{}},"test.text",[0]]"#));
        assert_eq!(witness.message(), format!(r#"[50,{request},{{}},[""]]"#));
    }
}
