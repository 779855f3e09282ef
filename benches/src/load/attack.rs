//! Attacks: how long another session waits for its answers while one client, or many, do their
//! worst.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Client, Endpoint};
use crate::dialect::Dialect;
use crate::frame::{TEXT, frame};
use crate::options::Options;
use crate::seating::{Seating, open_files};
use crate::serializer::Serializer;
use crate::server::Server;

const JSON: Dialect = Dialect::Wamp(Serializer::Json);
const BUFFER_BYTES: usize = 64 << 10;
/// Between two calls of the witness.
const PAUSE: Duration = Duration::from_millis(5);
/// Longest wait of the witness for one answer that meets the bar.
const BAR: Duration = Duration::from_millis(250);
const FILES: usize = 4096;

/// Acts of hostile clients. Each goes on until the measurement ends.
#[derive(Debug, Clone, Copy)]
enum Attack {
    /// Nothing: what the witness waits in quiet.
    Quiet,
    /// One caller reads an endless progressive answer.
    Stream,
    /// An endless progressive answer that was not requested.
    UnaskedStream,
    /// Six clients publish messages of nearly 1 MiB to each other, and read.
    LargeEvents,
    /// A caller leaves its 256 results of 1 MiB unread, and comes again.
    UnreadResults,
    /// 200 sessions ask for 1 024 retained events of 4 kB, and do not read.
    UnreadRetained,
    /// One session asks for the retained events again and again, and reads.
    RetainedAgain,
    /// Clients send only the beginning of a message.
    Fragments,
    /// Clients connect, and send nothing.
    Connections,
    /// One client calls without a pause, and reads.
    Calls,
}

const ALL: [(&str, Attack); 10] = [
    ("quiet", Attack::Quiet),
    ("an endless stream, read", Attack::Stream),
    ("an endless stream that nobody asked for", Attack::UnaskedStream),
    ("six publishers of 1 MiB each, all read", Attack::LargeEvents),
    ("256 routed results of 1 MiB, unread", Attack::UnreadResults),
    ("1 024 retained events to each of 200 sessions, unread", Attack::UnreadRetained),
    ("retained events asked for again and again", Attack::RetainedAgain),
    ("200 strangers with half a message", Attack::Fragments),
    ("strangers that connect and say nothing", Attack::Connections),
    ("a client that calls without a pause", Attack::Calls),
];

/// Runs all of them, each against a fresh server, and prints what the witness saw.
pub(crate) async fn measure_all(
    program: &[std::ffi::OsString],
    options: &Options,
    seating: &Seating,
) -> Result<()> {
    open_files(FILES)?;
    println!("| attack | calls of the witness | p50 | p99 | max | server's memory, MiB | |");
    println!("|---|--:|--:|--:|--:|--:|---|");
    let mut late = Vec::new();
    for (name, attack) in ALL {
        eprintln!("{name}");
        let server = Server::start(program, seating)?;
        let witness = Witness::start(&server.endpoint);
        let end = tokio::time::sleep(Duration::from_secs_f64(options.seconds));
        tokio::select! {
            outcome = attack.run(&server.endpoint) => {
                outcome.map_err(|error| format!("{name}: {error}"))?;
            }
            () = end => {}
        }
        let memory = server.resident_kib()? / 1024.0;
        let waits = witness.stop().map_err(|error| format!("{name}: the witness: {error}"))?;
        let [p50, p99, max] =
            [0.5, 0.99, 1.0].map(|part| waits[((waits.len() - 1) as f64 * part) as usize]);
        let verdict = if max <= BAR { "met" } else { "missed" };
        println!(
            "| {name} | {} | {p50:.1?} | {p99:.1?} | {max:.1?} | {memory:.0} | {verdict} |",
            waits.len()
        );
        if max > BAR {
            late.push(name);
        }
    }
    if late.is_empty() {
        Ok(())
    } else {
        Err(format!("the witness waited longer than {BAR:?}: {late:?}").into())
    }
}

/// A session on a thread of its own that calls, one call after the other.
struct Witness {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<std::result::Result<Vec<Duration>, String>>,
}

impl Witness {
    fn start(endpoint: &Endpoint) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, endpoint) = (Arc::clone(&is_over), endpoint.clone());
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime.block_on(watch(&endpoint, &over)).map_err(|error| error.to_string())
        });
        Self { is_over, thread }
    }

    /// Stops it. Returns the time that it waited for each answer, the shortest first.
    fn stop(self) -> Result<Vec<Duration>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut waits = self.thread.join().map_err(|_| "it panicked")??;
        waits.sort_unstable();
        if waits.is_empty() { Err("it was never answered".into()) } else { Ok(waits) }
    }
}

async fn watch(endpoint: &Endpoint, is_over: &AtomicBool) -> Result<Vec<Duration>> {
    let mut session = Client::join(endpoint, JSON, BUFFER_BYTES).await?;
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let (request, begun) = (waits.len() + 1, Instant::now());
        let answer = ask(&mut session, json!([48, request, {}, "bench.add", [request, 1]])).await?;
        if answer != json!([50, request, {}, [request + 1]]) {
            return Err(format!("a wrong answer: {answer}").into());
        }
        waits.push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(waits)
}

impl Attack {
    async fn run(self, endpoint: &Endpoint) -> Result<()> {
        match self {
            Self::Quiet => std::future::pending().await,
            Self::Stream => stream(endpoint, json!({"receive_progress": true})).await,
            Self::UnaskedStream => stream(endpoint, json!({})).await,
            Self::LargeEvents => large_events(endpoint).await,
            Self::UnreadResults => unread_results(endpoint).await,
            Self::UnreadRetained => unread_retained(endpoint).await,
            Self::RetainedAgain => retained_again(endpoint).await,
            Self::Fragments => fragments(endpoint).await,
            Self::Connections => connections(endpoint).await,
            Self::Calls => calls(endpoint).await,
        }
    }
}

async fn stream(endpoint: &Endpoint, options: Value) -> Result<()> {
    let mut caller = Client::join(endpoint, JSON, BUFFER_BYTES).await?;
    send(&mut caller, &json!([48, 1, options, "testbed.countdown", [u32::MAX]])).await?;
    read_on(&mut caller).await
}

async fn large_events(endpoint: &Endpoint) -> Result<()> {
    let text = "x".repeat(1_000_000);
    let mut clients = JoinSet::new();
    for _ in 0..6 {
        let (endpoint, text) = (endpoint.clone(), text.clone());
        clients.spawn_local(async move {
            let mut client = Client::join(&endpoint, JSON, BUFFER_BYTES).await?;
            ask(&mut client, json!([32, 1, {}, "testbed.open.attack"])).await?;
            for request in 2.. {
                send(
                    &mut client,
                    &json!([16, request, {"acknowledge": true}, "testbed.open.attack", [text]]),
                )
                .await?;
                while code(&client.receive().await?)? != 17 {}
            }
            Ok(())
        });
    }
    first(&mut clients).await
}

async fn unread_results(endpoint: &Endpoint) -> Result<()> {
    let mut callee = join(endpoint, "router").await?;
    ask(&mut callee, json!([64, 1, {}, "attack.large"])).await?;
    let serve = async {
        let result = "x".repeat(1_000_000);
        loop {
            let invocation: Value = serde_json::from_slice(&callee.receive().await?)?;
            if invocation[0] == 68 {
                send(&mut callee, &json!([70, invocation[1], {}, [result]])).await?;
            }
        }
    };
    let call = async {
        loop {
            let mut caller = join(endpoint, "router").await?;
            for request in 1..=256 {
                caller.queue(&frame(
                    TEXT,
                    json!([48, request, {}, "attack.large"]).to_string().as_bytes(),
                ));
            }
            caller.flush().await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        outcome = serve => outcome,
        outcome = call => outcome,
    }
}

async fn retain(endpoint: &Endpoint) -> Result<Client> {
    let mut publisher = Client::join(endpoint, JSON, BUFFER_BYTES).await?;
    let text = "x".repeat(4000);
    for request in 1..=1024 {
        let topic = format!("testbed.open.retained.{request}");
        ask(
            &mut publisher,
            json!([16, request, {"acknowledge": true, "retain": true}, topic, [text]]),
        )
        .await?;
    }
    Ok(publisher)
}

fn retained(request: usize) -> Value {
    json!([32, request, {"match": "prefix", "get_retained": true}, "testbed.open.retained."])
}

async fn unread_retained(endpoint: &Endpoint) -> Result<()> {
    let _publisher = retain(endpoint).await?;
    let mut deaf = Vec::new();
    for _ in 0..200 {
        let mut client = Client::join(endpoint, JSON, 1024).await?;
        send(&mut client, &retained(1)).await?;
        deaf.push(client);
    }
    std::future::pending().await
}

async fn retained_again(endpoint: &Endpoint) -> Result<()> {
    let mut client = retain(endpoint).await?;
    for request in 1025.. {
        send(&mut client, &retained(request)).await?;
        while code(&client.receive().await?)? != 33 {}
    }
    Ok(())
}

async fn fragments(endpoint: &Endpoint) -> Result<()> {
    let mut beginning = frame(TEXT, "x".repeat(60_000).as_bytes());
    beginning[0] &= 0x7f;
    let mut strangers = Vec::new();
    loop {
        let mut stranger = Client::open(endpoint, JSON, 1024).await?;
        stranger.queue(&beginning);
        stranger.flush().await?;
        strangers.push(stranger);
        if strangers.len() > 200 {
            strangers.remove(0);
        }
    }
}

async fn connections(endpoint: &Endpoint) -> Result<()> {
    let mut strangers = Vec::new();
    loop {
        match Client::open(endpoint, JSON, 1024).await {
            Ok(stranger) => strangers.push(stranger),
            // Refused, or no file is left: the attack goes on.
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
        if strangers.len() > 1000 {
            strangers.clear();
        }
    }
}

async fn calls(endpoint: &Endpoint) -> Result<()> {
    let mut caller = Client::join(endpoint, JSON, BUFFER_BYTES).await?;
    for request in (1..).step_by(200) {
        for request in request..request + 200 {
            caller.queue(&frame(
                TEXT,
                json!([48, request, {}, "bench.add", [1, 2]]).to_string().as_bytes(),
            ));
        }
        caller.flush().await?;
        for _ in 0..200 {
            caller.receive().await?;
        }
    }
    Ok(())
}

async fn join(endpoint: &Endpoint, realm: &str) -> Result<Client> {
    let mut client = Client::open(endpoint, JSON, BUFFER_BYTES).await?;
    let roles = json!({"callee": {}, "caller": {}, "publisher": {}, "subscriber": {}});
    ask(&mut client, json!([1, realm, {"roles": roles}])).await?;
    Ok(client)
}

async fn send(client: &mut Client, message: &Value) -> Result<()> {
    client.queue(&frame(TEXT, message.to_string().as_bytes()));
    client.flush().await
}

async fn ask(client: &mut Client, message: Value) -> Result<Value> {
    send(client, &message).await?;
    Ok(serde_json::from_slice(&client.receive().await?)?)
}

async fn read_on(client: &mut Client) -> Result<()> {
    loop {
        client.receive().await?;
    }
}

/// The first of them that ends.
async fn first(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    match tasks.join_next().await {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

/// The type of a message, read from its beginning.
fn code(message: &[u8]) -> Result<u64> {
    let digits = message.iter().skip(1).take_while(|byte| byte.is_ascii_digit());
    let text: String = digits.map(|byte| char::from(*byte)).collect();
    Ok(text.parse()?)
}
