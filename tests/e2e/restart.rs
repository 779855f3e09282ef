//! A restart of the server: its clients reconnect.

use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{DEADLINE, Received, Server, Socket, within};

/// The time within which the last client must have reconnected.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sessions, unless the environment variable `SESSIONS` says how many. Each takes three
/// descriptors: `ulimit -n`.
const SESSIONS: usize = 200;

const NONCE: &str = "ZmFpcmx5IHJhbmRvbQ==";

/// Prints the time of the last, and takes more of them:
/// `SESSIONS=2000 cargo test --release -p wamp-tests come_back -- --nocapture`.
#[test]
fn after_a_restart_all_sessions_come_back_and_log_in_with_scram() {
    let count = env::var("SESSIONS").map_or(SESSIONS, |count| count.parse().expect("a number"));
    let secret = Secret::of("pencil");
    let mut server = Server::testbed();
    let address = server.address().to_owned();
    let joined = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..count {
            let client = Client { address: &address, secret: &secret, joined: &joined, number };
            let small = thread::Builder::new().stack_size(256 << 10);
            small
                .spawn_scoped(scope, move || client.joins_twice())
                .expect("there is room for a thread");
        }
        wait_for(&joined, count);
        server.terminate();
        let (status, _) = server.wait();
        assert!(status.success(), "{status}");
        joined.store(0, Ordering::SeqCst);
        let restarted = Server::testbed_at(&address);
        let begun = Instant::now();
        wait_for(&joined, count);
        let last = begun.elapsed();
        println!("{count} sessions, the last after {last:?}");
        assert!(last < PATIENCE, "the last of {count} sessions came back after {last:?}");
        drop(restarted);
    });
}

fn wait_for(joined: &AtomicUsize, count: usize) {
    within(PATIENCE + DEADLINE, &format!("{count} sessions have joined"), || {
        joined.load(Ordering::SeqCst) == count
    });
}

/// The keys that a client derives from its password only once, because the salt is constant.
struct Secret {
    client_key: Vec<u8>,
    stored_key: Vec<u8>,
}

impl Secret {
    fn of(password: &str) -> Self {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, 4096, &mut salted);
        let client_key = mac(&salted, b"Client Key");
        let stored_key = Sha256::digest(&client_key).to_vec();
        Self { client_key, stored_key }
    }

    /// Returns the proof for a CHALLENGE.
    fn prove(&self, extra: &Value) -> Value {
        let nonce = extra["nonce"].as_str().expect("a nonce");
        let (salt, iterations) = (extra["salt"].as_str().expect("a salt"), &extra["iterations"]);
        let message = format!("n=joe,r={NONCE},r={nonce},s={salt},i={iterations},c=biws,r={nonce}");
        let signature = mac(&self.stored_key, message.as_bytes());
        let proof: Vec<u8> =
            self.client_key.iter().zip(signature).map(|(key, sign)| key ^ sign).collect();
        let extra = json!({"nonce": nonce, "channel_binding": null, "cbind_data": null});
        json!([5, STANDARD.encode(proof), extra])
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// A client that reconnects when its connection is closed, as autobahn-js and others do.
struct Client<'t> {
    address: &'t str,
    secret: &'t Secret,
    joined: &'t AtomicUsize,
    number: usize,
}

impl Client<'_> {
    fn joins_twice(&self) {
        for _ in 0..2 {
            let mut socket = self.join();
            self.joined.fetch_add(1, Ordering::SeqCst);
            socket.wait_for_ever();
            socket.rest();
        }
    }

    /// Tries until it has joined. The pauses between attempts differ from client to client.
    fn join(&self) -> Socket {
        let mut delay = Duration::from_millis(100 + (self.number as u64 * 7919) % 400);
        loop {
            if let Some(socket) = self.try_to_join() {
                return socket;
            }
            thread::sleep(delay);
            delay = (delay * 3 / 2).min(Duration::from_secs(3));
        }
    }

    fn try_to_join(&self) -> Option<Socket> {
        let mut socket = Socket::try_open(self.address)?;
        socket.text(
            &json!([1, "testbed.scram", {
                "roles": {"subscriber": {}}, "authmethods": ["wamp-scram"], "authid": "joe",
                "authextra": {"nonce": NONCE, "channel_binding": null},
            }])
            .to_string(),
        );
        let Received::Text(challenge) = socket.receive() else { return None };
        socket.text(&self.secret.prove(&challenge[2]).to_string());
        match socket.receive() {
            Received::Text(welcome) if welcome[0] == 2 => Some(socket),
            Received::Text(other) => panic!("{other}"),
            _ => None,
        }
    }
}
