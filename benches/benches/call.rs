//! Decode, dispatch and encode of one CALL, without a socket; first, how often it allocates.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use wamp_actix::{Raw, handlers, rpc};
use wamp_core::{Connection, Frame, Framing, Identity, Router, Serializer, Transport};

#[rpc("bench.add")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[rpc("bench.echo")]
async fn echo(value: Raw<'_>) -> Raw<'_> {
    value
}

/// A session whose next CALL is always ready to be sent.
struct Caller {
    connection: Connection,
    now: Instant,
    request: u64,
    tail: String,
}

impl Caller {
    fn new(tail: &str) -> Self {
        let router =
            Router::builder().handlers(handlers![add, echo]).build().expect("the handlers are valid");
        let now = Instant::now();
        let transport = Transport {
            serializer: Serializer::Json,
            framing: Framing { reserve: 2, seal: |_, _, _| {} },
            identity: Identity::anonymous(),
            host: Rc::new(()),
        };
        let mut connection = Connection::new(&router, transport, now);
        connection.receive(r#"[1,"realm1",{"roles":{"caller":{}}}]"#.into(), now);
        connection.take_output();
        Self { connection, now, request: 0, tail: tail.to_owned() }
    }

    fn frame(&mut self) -> Frame {
        self.request += 1;
        format!("[48,{},{{}},{}]", self.request, self.tail).into()
    }

    fn call(&mut self, frame: Frame) -> Vec<u8> {
        self.connection.receive(frame, self.now);
        self.connection.take_output()
    }
}

fn calls(criterion: &mut Criterion) {
    let kibibyte = format!(r#""bench.echo",[{{"text":"{}"}}]"#, "x".repeat(1013));
    for (name, tail) in [("add", r#""bench.add",[20,22]"#), ("echo 1 KiB", &kibibyte)] {
        let mut caller = Caller::new(tail);
        let frame = caller.frame();
        let info = allocation_counter::measure(|| {
            black_box(caller.call(frame));
        });
        println!("{name}: {} allocations, {} bytes", info.count_total, info.bytes_total);
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let frames: Vec<_> = (0..iterations).map(|_| caller.frame()).collect();
                let start = Instant::now();
                for frame in frames {
                    black_box(caller.call(frame));
                }
                start.elapsed()
            });
        });
    }
}

criterion_group!(benches, calls);
criterion_main!(benches);
