//! Publishers that do not stop, over real sockets: whoever reads gets everything (reliability case 38).

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use wamp_actix::{Limits, Realm, Router, Topic};

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

/// A text of a client, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let head = match length {
        0..126 => vec![0x81, 0x80 | length as u8],
        _ => [&[0x81, 0x80 | 126], &length.to_be_bytes()[..]].concat(),
    };
    [&head[..], &[0; 4], text.as_bytes()].concat()
}

/// Subscribers that read as fast as they can, and publishers that wait for nothing.
struct Flood {
    subscribers: usize,
    publishers: usize,
    /// Of each publisher.
    events: usize,
    bytes: usize,
    limits: Limits,
}

impl Flood {
    async fn run(self) {
        let realm = Realm::new("realm1").topic("test.flood", Topic::open());
        let router = Router::builder().realm(realm).limits(self.limits.clone()).build().unwrap();
        let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
        let server = HttpServer::new(app).tcp_nodelay(true).workers(1).bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let handle = spawn(server.run());
        spawn_blocking(move || self.flood(address)).await.unwrap();
        handle.abort();
    }

    fn flood(&self, address: SocketAddr) {
        let subscriber = |_| {
            let mut client = Client::join(address);
            client.send(&frame(r#"[32,1,{},"test.flood"]"#));
            assert!(client.message().starts_with("[33,"));
            client
        };
        let mut subscribers: Vec<_> = (0..self.subscribers).map(subscriber).collect();
        // Open until all is read: what a server has not taken from a peer that is gone is lost.
        let mut publishers: Vec<_> = (0..self.publishers).map(|_| Client::join(address)).collect();
        let filling = "x".repeat(self.bytes);
        thread::scope(|scope| {
            for (place, publisher) in publishers.iter_mut().enumerate() {
                let filling = &filling;
                scope.spawn(move || {
                    for number in 1..=self.events {
                        let arguments = format!(r#"[{place},{number},"{filling}"]"#);
                        publisher.send(&frame(&format!(r#"[16,{number},{{}},"test.flood",{arguments}]"#)));
                    }
                });
            }
            for subscriber in &mut subscribers {
                scope.spawn(|| self.read(subscriber));
            }
        });
    }

    /// Every event of every publisher, in its order.
    fn read(&self, subscriber: &mut Client) {
        let mut seen = vec![0; self.publishers];
        for _ in 0..self.publishers * self.events {
            let event = subscriber.message();
            let arguments = event.rsplit_once('[').unwrap().1;
            let (publisher, rest) = arguments.split_once(',').unwrap();
            let number: usize = rest.split_once(',').unwrap().0.parse().unwrap();
            let seen: &mut usize = &mut seen[publisher.parse::<usize>().unwrap()];
            *seen += 1;
            assert_eq!(number, *seen, "of publisher {publisher}");
        }
    }
}

/// More than a queue holds, of a publisher on the same worker.
#[actix_web::test]
async fn many_small_events_reach_all_who_read() {
    let limits = Limits { queued_messages: 800, ..Limits::default() };
    Flood { subscribers: 200, publishers: 1, events: 2_500, bytes: 0, limits }.run().await;
}

/// As much as makes actix poll the publisher again and again.
#[actix_web::test]
async fn larger_events_reach_all_who_read() {
    let limits = Limits::default();
    Flood { subscribers: 16, publishers: 1, events: 8_000, bytes: 1000, limits }.run().await;
}

#[actix_web::test]
async fn the_events_of_several_publishers_reach_all_who_read() {
    let limits = Limits { queued_messages: 2_000, ..Limits::default() };
    Flood { subscribers: 64, publishers: 4, events: 1_500, bytes: 100, limits }.run().await;
}
