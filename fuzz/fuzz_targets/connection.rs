//! Two clients of one router, each with a serializer of its own, and what they send in turn.
//!
//! A byte chooses the serializers; then come messages: a byte of [flags](Flags), one of length, and
//! so many bytes, which are a frame as it is, or JSON to be sent in the client's serializer.
#![no_main]

use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use wamp_actix::{Kwargs, Progress, Raw, handlers, rpc};
use wamp_core::{
    __fuzz, Connection, Framing, Identity, RawMessage, Realm, Router, Serializer, Topic, Transport,
};

#[rpc("app.typed")]
async fn typed(
    a: i64,
    b: Option<String>,
    c: Option<Vec<f32>>,
) -> Kwargs<(i64, Option<String>, usize)> {
    Kwargs((a, b, c.map_or(0, |list| list.len())))
}

#[rpc("app.echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}

#[rpc("app.{name}.lend")]
async fn lend<'c>(name: &'c str, text: &'c str, bytes: Option<&'c [u8]>) -> usize {
    name.len() + text.len() + bytes.map_or(0, <[u8]>::len)
}

#[rpc("app.count")]
async fn count(to: u8, progress: Progress<u8>) {
    for number in 0..to {
        let _ = progress.send(number).await;
    }
}

const HELLO: &str = r#"[1,"realm1",{"roles":{
    "caller":{"features":{"progressive_call_results":true,"call_canceling":true,
        "payload_passthru_mode":true}},
    "callee":{"features":{"progressive_call_results":true,"call_canceling":true,
        "progressive_call_invocations":true}},
    "publisher":{"features":{"payload_passthru_mode":true}},"subscriber":{}}}]"#;

/// A length of four bytes before each frame, and whether it is binary.
const FRAMING: Framing = Framing {
    reserve: 5,
    seal: |buffer, start, binary| {
        let length = u32::try_from(buffer.len() - start - 5).expect("short");
        buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
        buffer[start + 4] = u8::from(binary);
    },
};

struct Flags(u8);

impl Flags {
    fn second_client(&self) -> bool {
        self.0 & 1 != 0
    }

    fn as_it_is(&self) -> bool {
        self.0 & 2 != 0
    }

    fn of_the_wrong_type(&self) -> bool {
        self.0 & 4 != 0
    }

    fn after_a_second(&self) -> bool {
        self.0 & 8 != 0
    }
}

struct Client {
    serializer: Serializer,
    connection: Connection,
}

impl Client {
    fn new(router: &Router, serializer: Serializer, now: Instant) -> Self {
        let transport = Transport {
            serializer,
            framing: FRAMING,
            identity: Identity::anonymous(),
            address: None,
            host: Rc::new(()),
        };
        Self { serializer, connection: Connection::new(router, transport, now) }
    }

    /// JSON in the client's serializer, if it can be.
    fn send_json(&mut self, text: &str, now: Instant) {
        if let Some(message) = __fuzz::encode(self.serializer, text) {
            let batch = __fuzz::delimit(self.serializer, message);
            self.send(batch, self.serializer.is_binary(), now);
        }
    }

    fn send(&mut self, bytes: Vec<u8>, binary: bool, now: Instant) {
        let frame = match binary {
            true => RawMessage::Binary(bytes.into()),
            false => match String::from_utf8(bytes) {
                Ok(text) => RawMessage::Text(text.into()),
                Err(_) => return,
            },
        };
        if self.connection.close().is_none() {
            self.connection.receive(frame, now);
        }
    }

    /// Everything that is sent is a message of the client's serializer.
    fn receive(&mut self, now: Instant) {
        for _ in 0..4 {
            self.connection.poll(&mut Context::from_waker(Waker::noop()), now, true);
            let output = self.connection.take_output();
            let mut rest = &output[..];
            while let Some((length, after)) = rest.split_first_chunk() {
                let (frame, after) = after[1..].split_at(u32::from_be_bytes(*length) as usize);
                let serializer = self.serializer;
                assert!(__fuzz::is_message(serializer, frame), "{serializer:?}: {frame:02x?}");
                assert_eq!(rest[4] == 1, self.serializer.is_binary());
                rest = after;
            }
        }
    }
}

/// A new one for each input: what one input leaves behind must not decide what the next does.
fn router() -> Router {
    let realm = Realm::new("realm1").route_clients(true);
    Router::builder()
        .realm(realm.topic("open.{rest..}", Topic::open()))
        .handlers(handlers![typed, echo, lend, count])
        .build()
        .expect("the handlers are sound")
}

fuzz_target!(|input: &[u8]| {
    let Some((serializers, mut rest)) = input.split_first() else { return };
    let (router, mut now) = (router(), Instant::now());
    let serializer = |number: u8| Serializer::ALL[usize::from(number & 7) % Serializer::ALL.len()];
    let mut clients = [
        Client::new(&router, serializer(*serializers), now),
        Client::new(&router, serializer(serializers >> 3), now),
    ];
    for client in &mut clients {
        if serializers >> 7 == 0 {
            client.send_json(HELLO, now);
        }
    }
    while let [flags, length, after @ ..] = rest {
        let (message, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        let flags = Flags(*flags);
        now += Duration::from_secs(flags.after_a_second().into());
        let client = &mut clients[usize::from(flags.second_client())];
        match std::str::from_utf8(message) {
            Ok(text) if !flags.as_it_is() => client.send_json(text, now),
            _ => {
                let binary = client.serializer.is_binary() ^ flags.of_the_wrong_type();
                client.send(message.to_vec(), binary, now);
            }
        }
        for client in &mut clients {
            client.receive(now);
        }
    }
});
