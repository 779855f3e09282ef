//! Clients in memory, and the two ways to measure them: the time of a step, or how many
//! instructions it takes.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::hint::black_box;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

use criterion::{BatchSize, Criterion};
use serde_json::{Value, json};
use wamp_core::{Connection, Framing, Identity, RawMessage, Router, Serializer, Transport};

/// One of each format.
pub(crate) const SERIALIZERS: [(&str, Serializer); 3] =
    [("JSON", Serializer::Json), ("MessagePack", Serializer::MsgPack), ("CBOR", Serializer::Cbor)];

/// How often a step is repeated before it is measured, and where its instructions are counted.
const REPEATED: u64 = 50;

/// The tool that measures steps.
pub(crate) enum Bench {
    Time(Box<Criterion>),
    /// `--count FILTER`, under `scripts/instructions`: what has the filter in its name.
    Count(String),
}

impl Bench {
    /// As the command line asks for.
    pub(crate) fn from_args() -> Self {
        let mut args = std::env::args().skip(1);
        match args.next() {
            Some(count) if count == "--count" => Self::Count(args.next().unwrap_or_default()),
            _ => Self::Time(Box::new(Criterion::default().configure_from_args())),
        }
    }

    /// Returns whether a step of this name is measured, and so has to be prepared.
    pub(crate) fn wants(&self, name: &str) -> bool {
        !matches!(self, Self::Count(filter) if !name.contains(filter.as_str()))
    }

    /// Measures `step`, but not what makes its input.
    pub(crate) fn step<I>(
        &mut self,
        name: &str,
        mut input: impl FnMut() -> I,
        mut step: impl FnMut(I),
    ) {
        if !self.wants(name) {
            return;
        }
        for _ in 0..REPEATED {
            step(input());
        }
        match self {
            Self::Time(criterion) => {
                let one = input();
                let info = allocation_counter::measure(|| step(one));
                println!("{name}: {} allocations, {} bytes", info.count_total, info.bytes_total);
                criterion.bench_function(name, |bencher| {
                    bencher.iter_batched(&mut input, &mut step, BatchSize::NumIterations(REPEATED));
                });
            }
            Self::Count(_) => {
                let inputs: Vec<_> = (0..REPEATED).map(|_| input()).collect();
                for input in inputs {
                    counted_step(|| step(input));
                }
                counted_end(name);
            }
        }
    }

    /// After the last step.
    pub(crate) fn finish(self) {
        if let Self::Time(criterion) = self {
            criterion.final_summary();
        }
    }
}

/// Runs a step. callgrind collects this function, whose name `scripts/instructions` knows.
#[inline(never)]
fn counted_step(step: impl FnOnce()) {
    step();
    // Keeps the call above from being the last, and this function from being replaced by it.
    black_box(());
}

/// Where callgrind writes down what it collected: `scripts/instructions` knows this name, and reads
/// the text.
#[inline(never)]
fn counted_end(name: &str) {
    println!("counted {REPEATED} × {name}");
}

/// A session in memory.
pub(crate) struct Client {
    connection: Connection,
    serializer: Serializer,
    now: Instant,
}

impl Client {
    /// A session of `realm1`.
    pub(crate) fn join(router: &Router, serializer: Serializer, now: Instant) -> Self {
        let transport = Transport {
            address: None,
            serializer,
            framing: Framing { reserve: 2, seal: |_, _, _| {} },
            identity: Identity::anonymous(),
            host: Rc::new(()),
        };
        let connection = Connection::new(router, transport, now);
        let mut client = Self { connection, serializer, now };
        let roles = json!({ "caller": {}, "callee": {}, "publisher": {}, "subscriber": {} });
        client.send(&json!([1, "realm1", { "roles": roles }]));
        client
    }

    /// A session that is subscribed, under a policy of matching.
    pub(crate) fn subscriber(
        router: &Router,
        serializer: Serializer,
        now: Instant,
        topic: &str,
        policy: &str,
    ) -> Self {
        let mut client = Self::join(router, serializer, now);
        client.send(&json!([32, 1, { "match": policy }, topic]));
        client
    }

    /// Sends a message and takes the answer, which must not be ABORT or ERROR.
    pub(crate) fn send(&mut self, message: &Value) {
        let answer = self.receive(frame(self.serializer, message));
        let refused = [b"[3," as &[u8], b"[8,", &[0x93, 3], &[0x95, 8], &[0x83, 3], &[0x85, 8]];
        let is_refused = refused.iter().any(|start| answer[2..].starts_with(start));
        assert!(!is_refused, "{message}: {}", String::from_utf8_lossy(&answer));
    }

    /// Hands a message over and takes what is ready.
    pub(crate) fn receive(&mut self, frame: RawMessage) -> Vec<u8> {
        self.connection.receive(frame, self.now);
        self.connection.take_output()
    }

    /// Takes what came from other sessions.
    pub(crate) fn drain(&mut self) -> Vec<u8> {
        self.connection.poll(&mut Context::from_waker(Waker::noop()), self.now, true);
        self.connection.take_output()
    }
}

/// CALLs of one procedure with one list of arguments, whose request ids count up from 1.
pub(crate) struct Calls {
    serializer: Serializer,
    procedure: String,
    args: Value,
    request: u64,
}

impl Calls {
    pub(crate) fn new(serializer: Serializer, procedure: &str, args: Value) -> Self {
        Self { serializer, procedure: procedure.to_owned(), args, request: 0 }
    }

    pub(crate) fn frame(&mut self) -> RawMessage {
        self.request += 1;
        frame(self.serializer, &json!([48, self.request, {}, self.procedure, self.args]))
    }
}

/// A message as it travels.
pub(crate) fn frame(serializer: Serializer, message: &Value) -> RawMessage {
    match serializer {
        Serializer::MsgPack => {
            RawMessage::Binary(rmp_serde::to_vec(message).expect("it is JSON").into())
        }
        Serializer::Cbor => {
            let mut bytes = Vec::new();
            ciborium::into_writer(message, &mut bytes).expect("it is JSON");
            RawMessage::Binary(bytes.into())
        }
        _ => message.to_string().into(),
    }
}
