//! A publisher that does not stop, over real sockets: whoever reads gets everything.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use wamp_actix::{Limits, Realm, Router, Topic};

const SUBSCRIBERS: usize = 200;
const EVENTS: usize = 2_500;

/// A session, with what it was sent and has not looked at.
struct Client {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    fn join(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Self { socket, unread: Vec::new() };
        let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
        client.socket.write_all(upgrade.as_bytes()).unwrap();
        let head = loop {
            client.fill();
            if let Some(end) = client.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        client.unread.drain(..head);
        client.send(&frame(r#"[1,"realm1",{"roles":{"publisher":{},"subscriber":{}}}]"#));
        assert!(client.message().starts_with("[2,"));
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    fn fill(&mut self) {
        let mut buffer = [0; 16_384];
        let count = self.socket.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed");
        self.unread.extend_from_slice(&buffer[..count]);
    }

    /// The next message, shorter than 64 KiB.
    fn message(&mut self) -> String {
        loop {
            let (length, rest) = match self.unread[..] {
                [0x81, 126, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
                [0x81, length @ 0..126, ref rest @ ..] => (usize::from(length), rest),
                _ => (usize::MAX, &[][..]),
            };
            if let Some(text) = rest.get(..length) {
                let text = String::from_utf8(text.to_vec()).unwrap();
                self.unread.drain(..self.unread.len() - rest.len() + length);
                return text;
            }
            self.fill();
        }
    }
}

/// A short text of a client, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

/// More publications than a queue holds, as fast as the server takes them.
fn flood(address: SocketAddr) {
    let subscriber = |_| {
        let mut client = Client::join(address);
        client.send(&frame(r#"[32,1,{},"test.flood"]"#));
        assert!(client.message().starts_with("[33,"));
        client
    };
    let mut subscribers: Vec<_> = (0..SUBSCRIBERS).map(subscriber).collect();
    let mut publisher = Client::join(address);
    let flood: Vec<_> = (1..=EVENTS)
        .flat_map(|number| frame(&format!(r#"[16,{number},{{}},"test.flood",[{number}]]"#)))
        .collect();
    publisher.send(&flood);
    // What they have not read yet is with the kernel.
    for subscriber in &mut subscribers {
        for number in 1..=EVENTS {
            let event = subscriber.message();
            assert!(event.ends_with(&format!(",[{number}]]")), "{event} instead of {number}");
        }
    }
}

#[actix_web::test]
async fn a_publisher_on_the_same_worker_does_not_get_ahead_of_those_who_read() {
    let limits = Limits { queued_messages: 800, ..Limits::default() };
    let realm = Realm::new("realm1").topic("test.flood", Topic::open());
    let router = Router::builder().realm(realm).limits(limits).build().unwrap();
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app).tcp_nodelay(true).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    spawn(server.run());
    spawn_blocking(move || flood(address)).await.unwrap();
}
