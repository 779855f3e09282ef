//! Floods of messages, and clients that do not read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::{
    BINARY, FIN, PING, PONG, Received, Server, Session, Socket, TEXT, UPGRADE, beside_a_witness,
    eventually, exchange, frame,
};

#[test]
fn a_flood_of_pings_and_pongs_is_borne() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let before = server.resident();
        for kind in [PING, PONG] {
            let flood = frame(FIN | kind, &[b'p'; 125]).repeat(100);
            // The client does not read the pongs meanwhile: only the latest has to be sent.
            for _ in 0..500 {
                session.socket.send(&flood);
            }
        }
        let request = session.start_call("testbed.add", &json!([1, 2]));
        loop {
            match session.socket.receive() {
                Received::Pong(payload) => assert_eq!(payload, [b'p'; 125]),
                Received::Text(result) => break assert_eq!(result, json!([50, request, {}, [3]])),
                other => panic!("{other:?}"),
            }
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 8 << 20, "the server took {grown} bytes of memory");
    });
}

#[test]
fn a_caller_that_does_not_read_its_results_is_not_read_either() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let before = server.resident();
        let call = |request: u64| {
            let text = json!([48, request, {}, "testbed.echo", ["x".repeat(60_000)]]).to_string();
            frame(FIN | 1, text.as_bytes())
        };
        let mut sent = 0;
        session.socket.shorten_patience();
        while session.socket.write(&call(sent + 1)).is_ok() {
            sent += 1;
            assert!(sent < 2_000, "the server took 120 MB of calls whose results nobody reads");
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 16 << 20, "the server took {grown} bytes of memory");
    });
}

/// Floods a topic that four sessions follow, one of which never reads.
#[test]
fn a_subscriber_that_does_not_read_is_cut_off_and_the_others_get_everything() {
    const EVENTS: u64 = 2_000;
    beside_a_witness(|server| {
        let mut observer = Session::join(server);
        let mut stalled = Session::join(server);
        stalled.subscribe("testbed.open.flood");
        stalled.subscribe("testbed.ticker");
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let mut reader = Session::join(server);
                reader.subscribe("testbed.open.flood");
                thread::spawn(move || {
                    for number in 0..EVENTS {
                        assert_eq!(reader.event()[0], number);
                    }
                })
            })
            .collect();
        let before = server.resident();
        let mut publisher = Session::join(server);
        let filling = "x".repeat(16_384);
        for number in 0..EVENTS {
            publisher.publish("testbed.open.flood", &json!([number, filling]));
        }
        for reader in readers {
            reader.join().expect("a reader gets every event");
        }
        let count = || observer.call("testbed.ticker_count", &json!([])) == json!([0]);
        eventually("the session of the one that does not read has ended", count);
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 32 << 20, "the server took {grown} bytes of memory");
    });
}

/// B-04.
#[test]
fn no_event_comes_after_unsubscribed_however_many_are_published() {
    const ROUNDS: usize = 100;
    beside_a_witness(|server| {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut publisher = Session::join(server);
                    while !over.load(Ordering::Relaxed) {
                        for number in 0..20 {
                            let request = publisher.next_request();
                            publisher.send(&json!([
                                16,
                                request,
                                {},
                                "testbed.open.wanted",
                                [number]
                            ]));
                        }
                        // As fast as the server reads them.
                        publisher.publish("testbed.open.wanted", &json!(["the last of twenty"]));
                    }
                });
            }
            let mut subscriber = Session::join(server);
            for _ in 0..ROUNDS {
                let subscription = subscriber.subscribe("testbed.open.wanted");
                subscriber.event();
                let request = subscriber.next_request();
                subscriber.send(&json!([34, request, subscription]));
                let mut last = subscriber.receive();
                while last[0] == 36 {
                    last = subscriber.receive();
                }
                assert_eq!(last, json!([35, request]));
                // The next message must be the answer to this call.
                subscriber.call("testbed.add", &json!([1, 2]));
            }
            over.store(true, Ordering::Relaxed);
        });
    });
}

/// One write with more publications than a mailbox holds: a subscriber that reads gets all of them,
/// in order.
#[test]
fn a_burst_of_small_publications_cuts_off_no_subscriber_that_reads() {
    const EVENTS: u64 = 20_000;
    beside_a_witness(|server| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let mut reader = Session::join(server);
                reader.subscribe("testbed.open.burst");
                thread::spawn(move || {
                    for number in 0..EVENTS {
                        assert_eq!(reader.event()[0], number);
                    }
                })
            })
            .collect();
        let mut publisher = Session::join(server);
        let burst: Vec<u8> = (0..EVENTS)
            .flat_map(|number| {
                let request = publisher.next_request();
                let text = json!([16, request, {}, "testbed.open.burst", [number]]).to_string();
                frame(FIN | 1, text.as_bytes())
            })
            .collect();
        publisher.socket.send(&burst);
        for reader in readers {
            reader.join().expect("a reader gets every event");
        }
    });
}

/// As long as a message may be, from several publishers at the same moment.
#[test]
fn large_publications_of_several_publishers_at_once_cut_off_no_subscriber_that_reads() {
    const PUBLISHERS: usize = 6;
    beside_a_witness(|server| {
        let readers: Vec<_> = (0..6)
            .map(|_| {
                let mut reader = Session::join(server);
                reader.subscribe("testbed.open.large");
                thread::spawn(move || {
                    (0..3 * PUBLISHERS).for_each(|_| drop(reader.event()));
                })
            })
            .collect();
        let filling = "x".repeat((1 << 20) - 200);
        thread::scope(|scope| {
            for _ in 0..PUBLISHERS {
                scope.spawn(|| {
                    let mut publisher = Session::join(server);
                    (0..3).for_each(|_| publisher.publish("testbed.open.large", &json!([filling])));
                });
            }
        });
        for reader in readers {
            reader.join().expect("a reader gets every event");
        }
    });
}

/// B3: the server's socket takes nothing for most of a second at a time, because Linux calls it
/// writable again when a third of its send buffer has drained.
#[test]
fn a_subscriber_with_10_mbit_per_second_gets_12_mib_that_are_published_at_once() {
    const PUBLISHERS: u64 = 12;
    const EVENTS: u64 = 16;
    /// At 10 Mbit/s.
    const TIME_OF_A_BYTE: Duration = Duration::from_nanos(800);
    beside_a_witness(|server| {
        let mut reader = Session::join(server);
        reader.socket.narrow();
        reader.subscribe("testbed.open.slow");
        let filling = "x".repeat(65_000);
        thread::scope(|scope| {
            for _ in 0..PUBLISHERS {
                scope.spawn(|| {
                    let mut publisher = Session::join(server);
                    (0..EVENTS)
                        .for_each(|_| publisher.publish("testbed.open.slow", &json!([filling])));
                });
            }
        });
        // The next event is the one that would cut it off.
        let mut publisher = Session::join(server);
        for _ in 0..PUBLISHERS * EVENTS {
            while reader.event() != json!([filling]) {}
            // The slow line.
            thread::sleep(TIME_OF_A_BYTE * u32::try_from(filling.len()).expect("it fits"));
            publisher.publish("testbed.open.slow", &json!([]));
        }
    });
}

/// E-14, B3: all together they leave more than the 24 MiB that may wait for one subscriber.
#[test]
fn large_testaments_of_sessions_that_leave_at_once_cut_off_no_subscriber_that_reads() {
    const LEAVERS: usize = 40;
    beside_a_witness(|server| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let mut reader = Session::join(server);
                reader.subscribe("testbed.open.left");
                thread::spawn(move || {
                    let mut seen = [0; LEAVERS];
                    for _ in 0..3 * LEAVERS {
                        let event = reader.event();
                        let leaver = event[0].as_u64().expect("a number") as usize;
                        assert_eq!(event[1], seen[leaver], "each session's in their order");
                        seen[leaver] += 1;
                    }
                })
            })
            .collect();
        let filling = "x".repeat(300_000);
        let leavers: Vec<_> = (0..LEAVERS)
            .map(|leaver| {
                let mut session = Session::join(server);
                for number in 0..3 {
                    let testament = json!(["testbed.open.left", [leaver, number, filling], {}]);
                    session.call("wamp.session.add_testament", &testament);
                }
                session
            })
            .collect();
        drop(leavers);
        for reader in readers {
            reader.join().expect("a reader gets every testament");
        }
    });
}

/// B3: a text of U+0001 is six times as long in JSON, and longer than may wait for a subscriber.
#[test]
fn a_batch_with_an_event_that_is_too_long_in_json_cuts_off_no_subscriber_in_json() {
    let head = |major: u8, length: usize| {
        let length = u32::try_from(length).expect("it fits").to_be_bytes();
        [&[major << 5 | 26], &length[..]].concat()
    };
    let text = |text: &str| [head(3, text.len()), text.into()].concat();
    let batched = |message: Vec<u8>| {
        let length = u32::try_from(message.len()).expect("it fits").to_be_bytes();
        [&length[..], &message].concat()
    };
    // [1, "realm1", {"roles": {"publisher": {}}}] and [16, id, {}, topic, [value]].
    let roles = [vec![0xa1], text("roles"), vec![0xa1], text("publisher"), vec![0xa0]].concat();
    let hello = batched([vec![0x83, 1], text("realm1"), roles].concat());
    let publish = |id: u8, value: &str| {
        batched(
            [vec![0x85, 16, id, 0xa0], text("testbed.open.long"), vec![0x81], text(value)].concat(),
        )
    };
    beside_a_witness(|server| {
        let mut readers: Vec<_> = (0..6).map(|_| Session::join(server)).collect();
        for reader in &mut readers {
            reader.subscribe("testbed.open.long");
        }
        let mut headers = UPGRADE;
        headers[4].1 = "wamp.2.cbor.batched";
        let (_, mut publisher) = exchange(server, "GET", &headers);
        publisher.frame(FIN | BINARY, &hello);
        assert!(matches!(publisher.receive(), Received::Binary(_)), "WELCOME");
        let long = "\u{1}".repeat(720 << 10);
        publisher.frame(
            FIN | BINARY,
            &[publish(1, "short"), publish(2, &long), publish(3, "last")].concat(),
        );
        for reader in &mut readers {
            assert_eq!([reader.event(), reader.event()], [json!(["short"]), json!(["last"])]);
        }
    });
}

#[test]
fn results_of_callees_that_a_caller_does_not_read_are_bounded_and_each_call_is_answered() {
    const CALLS: u64 = 80;
    let join = |server: &Server| {
        let mut session = Session::connect(server);
        session.send(&json!([1, "router", {"roles": {"caller": {}, "callee": {}}}]));
        assert_eq!(session.receive()[0], 2);
        session
    };
    beside_a_witness(|server| {
        let (mut caller, mut callee) = (join(server), join(server));
        callee.send(&json!([64, 1, {}, "com.large"]));
        assert_eq!(callee.receive()[0], 65);
        caller.socket.narrow();
        for _ in 0..CALLS {
            caller.start_call("com.large", &json!([]));
        }
        let before = server.resident();
        let filling = "x".repeat((1 << 20) - 100);
        for _ in 0..CALLS {
            let invocation = callee.receive();
            callee.send(&json!([70, invocation[1], {}, [filling]]));
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 64 << 20, "the server took {grown} bytes of memory");
        let answers: Vec<_> = (0..CALLS).map(|_| caller.receive()).collect();
        let results = answers.iter().filter(|answer| answer[0] == 50).count();
        assert!(results > 0, "what has room is sent");
        assert!(
            answers.iter().all(|answer| answer[0] == 50 || answer[4] == "wamp.error.unavailable")
        );
    });
}

/// B6: before WELCOME a message has 64 KiB, fragments included.
#[test]
fn strangers_with_half_a_message_hold_little_and_are_closed_for_more() {
    const STRANGERS: usize = 200;
    beside_a_witness(|server| {
        let before = server.resident();
        let mut strangers: Vec<_> = (0..STRANGERS).map(|_| Socket::open(server)).collect();
        for stranger in &mut strangers {
            stranger.frame(TEXT, &[b' '; 60_000]);
        }
        let mut greedy = Socket::open(server);
        greedy.frame(TEXT, &[b' '; 60_000]);
        greedy.frame(0, &[b' '; 6_000]);
        assert_eq!(greedy.rest(), [Received::Close(Some(1009))]);
        let grown = server.resident().saturating_sub(before);
        assert!(grown < STRANGERS as u64 * 200_000, "the server took {grown} bytes of memory");
    });
}

/// 4 MiB of retained events for each subscriber, of which only a piece is written before it reads.
#[test]
fn unread_retained_events_take_little_memory_and_a_subscriber_that_reads_gets_all() {
    const EVENTS: u64 = 1_024;
    const DEAF: u64 = 50;
    beside_a_witness(|server| {
        let mut publisher = Session::join(server);
        let text = "x".repeat(4_000);
        for number in 0..EVENTS {
            let request = publisher.next_request();
            let topic = format!("testbed.open.kept.{number}");
            publisher
                .send(&json!([16, request, {"acknowledge": true, "retain": true}, topic, [text]]));
            assert_eq!(publisher.receive()[0], 17);
        }
        let before = server.resident();
        let mut deaf: Vec<_> = (0..DEAF).map(|_| Session::join(server)).collect();
        for session in &mut deaf {
            session.socket.narrow();
            session.send(
                &json!([32, 1, {"match": "prefix", "get_retained": true}, "testbed.open.kept."]),
            );
        }
        // Each is answered: the server has written what it writes.
        let subscriptions: Vec<_> =
            deaf.iter_mut().map(|session| session.receive()[2].clone()).collect();
        let grown = server.resident().saturating_sub(before);
        assert!(grown < DEAF * (1 << 20), "the server took {grown} bytes of memory");
        let reader = &mut deaf[0];
        for _ in 0..EVENTS {
            let event = reader.receive();
            assert_eq!((&event[0], &event[1]), (&json!(36), &subscriptions[0]));
            assert_eq!(event[3]["retained"], true, "{event}");
        }
    });
}
