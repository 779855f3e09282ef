//! Endless publishers, over real sockets: a subscriber that reads gets every event.

use std::net::SocketAddr;
use std::thread;

use crate::support::Client;
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use wamp_actix::{Limits, Realm, Router, Topic, handlers};

/// Subscribers that read as fast as they can, and publishers that never wait.
struct Flood {
    subscribers: usize,
    publishers: usize,
    /// The events of each publisher.
    events: usize,
    bytes: usize,
    limits: Limits,
}

impl Flood {
    async fn run(self) {
        let realm = Realm::new("realm1").topic("test.flood", Topic::open());
        let router = Router::builder()
            .realm(realm)
            .handlers(handlers![])
            .limits(self.limits.clone())
            .build()
            .unwrap();
        let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
        let server =
            HttpServer::new(app).tcp_nodelay(true).workers(1).bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let handle = spawn(server.run());
        spawn_blocking(move || self.flood(address)).await.unwrap();
        handle.abort();
    }

    fn flood(&self, address: SocketAddr) {
        let subscriber = |_| {
            let mut client = Client::join(address);
            client.send(r#"[32,1,{},"test.flood"]"#);
            assert!(client.message().starts_with("[33,"));
            client
        };
        let mut subscribers: Vec<_> = (0..self.subscribers).map(subscriber).collect();
        // Open until all is read: input that a server has not read is lost when the client
        // disconnects.
        let mut publishers: Vec<_> = (0..self.publishers).map(|_| Client::join(address)).collect();
        let filling = "x".repeat(self.bytes);
        thread::scope(|scope| {
            for (place, publisher) in publishers.iter_mut().enumerate() {
                let filling = &filling;
                scope.spawn(move || {
                    for number in 1..=self.events {
                        let arguments = format!(r#"[{place},{number},"{filling}"]"#);
                        publisher.send(&format!(r#"[16,{number},{{}},"test.flood",{arguments}]"#));
                    }
                });
            }
            for subscriber in &mut subscribers {
                scope.spawn(|| self.read(subscriber));
            }
        });
    }

    /// Reads every event of every publisher, in its order.
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

/// More than a mailbox holds, of a publisher on the same worker.
#[actix_web::test]
async fn many_small_events_reach_all_subscribers_that_read() {
    let limits = Limits::default().queued_messages(800);
    Flood { subscribers: 200, publishers: 1, events: 2_500, bytes: 0, limits }.run().await;
}

/// So many events that actix polls the publisher again and again.
#[actix_web::test]
async fn larger_events_reach_all_subscribers_that_read() {
    let limits = Limits::default();
    Flood { subscribers: 16, publishers: 1, events: 8_000, bytes: 1000, limits }.run().await;
}

#[actix_web::test]
async fn the_events_of_several_publishers_reach_all_subscribers_that_read() {
    let limits = Limits::default().queued_messages(2_000);
    Flood { subscribers: 64, publishers: 4, events: 1_500, bytes: 100, limits }.run().await;
}
