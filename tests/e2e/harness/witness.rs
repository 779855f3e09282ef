//! Two sessions that keep calling and publishing while other clients misbehave.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Server, Session, eventually};

/// The pause between two rounds.
const PACE: Duration = Duration::from_millis(10);
/// The deadline of a call and an event, on a machine that also builds and tests. It finds a server
/// that is blocked; latency is measured elsewhere.
const PATIENCE: Duration = Duration::from_secs(5);

struct Witness {
    stop: Sender<()>,
    thread: JoinHandle<Rounds>,
}

struct Rounds {
    count: u64,
    slowest: Duration,
}

impl Witness {
    fn of(server: &Server) -> Self {
        let (mut caller, mut subscriber) = (Session::join(server), Session::join(server));
        subscriber.subscribe("testbed.open.witness");
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut rounds = Rounds { count: 0, slowest: Duration::ZERO };
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                rounds.count += 1;
                let begun = Instant::now();
                caller.publish("testbed.open.witness", &json!([rounds.count]));
                assert_eq!(
                    subscriber.event(),
                    json!([rounds.count]),
                    "events are lost, doubled or out of order"
                );
                assert_eq!(
                    caller.call("testbed.add", &json!([rounds.count, 1])),
                    json!([rounds.count + 1])
                );
                rounds.slowest = rounds.slowest.max(begun.elapsed());
            }
            rounds
        });
        Self { stop, thread }
    }

    fn dismiss(self) -> Rounds {
        drop(self.stop);
        self.thread.join().expect("the witness was served")
    }
}

/// Runs an attack against a testbed. Checks that other clients are served meanwhile, and that no
/// resources stay in use afterwards.
pub(crate) fn beside_a_witness(attack: impl FnOnce(&Server)) {
    let mut server = Server::testbed();
    let mut observer = Session::join(&server);
    let before = server.descriptors();
    let witness = Witness::of(&server);
    attack(&server);
    let Rounds { count, slowest } = witness.dismiss();
    println!("the witness: {count} rounds, the slowest took {slowest:?}");
    assert!(slowest < PATIENCE, "the witness waited for {slowest:?}");
    eventually("no ticker is left", || {
        observer.call("testbed.ticker_count", &json!([])) == json!([0])
    });
    eventually("no file descriptor is left", || server.descriptors() <= before);
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}
