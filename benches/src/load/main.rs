//! A load generator for WAMP servers: what a call, a delivery and a session cost the server under
//! test, measured in turns with a raw `actix-ws` echo server and with peers.

mod attack;
mod callee;
mod calls;
mod client;
mod contestant;
mod dialect;
mod fanout;
mod frame;
mod options;
mod report;
mod scenario;
mod seating;
mod serializer;
mod server;
mod sessions;
mod tally;
mod template;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use contestant::{Contestant, Role};
use options::{Options, USAGE};
use report::Outcome;
use scenario::Scenario;
use seating::Seating;

/// Any failure ends the run with its message.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match Options::parse(lexopt::Parser::from_env()) {
        Ok(options) => {
            run(&options).map_or_else(|error| fail(&error.to_string(), 1), |()| ExitCode::SUCCESS)
        }
        Err(error) => fail(&format!("{error}\n{USAGE}"), 2),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(code)
}

/// Runs everything on this one thread, but for the publisher of a fan-out. A signal ends it like an
/// error, so that servers are dropped, hence killed.
fn run(options: &Options) -> Result<()> {
    let seating = seating::share_cores(options.workers, options.beside);
    let contestants = contestant::assemble(
        &options.serializers,
        options.server.as_deref(),
        options.against.as_deref(),
        options.peers,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        if seating.own_core && !options.attack {
            tokio::task::spawn_local(stay_awake());
        }
        tokio::select! {
            outcome = measure(options, &contestants, &seating) => outcome,
            _ = interrupt.recv() => Err("interrupted".into()),
            _ = terminate.recv() => Err("terminated".into()),
        }
    })
}

/// Polls the sockets without a pause. A generator that sleeps between replies makes the server pay
/// for waking its core, on a virtual machine more than a call costs: at `1x1` 3.7 instead of 1.5
/// CPU-s/100k.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

async fn measure(options: &Options, contestants: &[Contestant], seating: &Seating) -> Result<()> {
    if options.attack {
        let server = contestant::under_test(options.server.as_deref())?;
        attack::measure_all(&[server.into()], options, seating).await
    } else {
        measure_all(options, contestants, seating).await
    }
}

/// All scenarios, whatever becomes of each; the report; then the failures that are not a peer's
/// own.
async fn measure_all(
    options: &Options,
    contestants: &[Contestant],
    seating: &Seating,
) -> Result<()> {
    let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
    for &scenario in &options.scenarios {
        outcomes.push(measure_rounds(scenario, options, contestants, seating, &mut failures).await);
    }
    println!("{}", report::markdown(&outcomes).trim());
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// The rounds of one scenario, in each of which every contestant has its turn until it fails.
async fn measure_rounds(
    scenario: Scenario,
    options: &Options,
    contestants: &[Contestant],
    seating: &Seating,
    failures: &mut Vec<String>,
) -> Outcome {
    let mut outcome = Outcome::new(scenario, contestants);
    for round in 1..=options.rounds {
        eprintln!("{}, round {round} of {}", scenario.name, options.rounds);
        for entry in outcome.entries.iter_mut().filter(|entry| !entry.failed) {
            match scenario.measure(&entry.contestant, seating, options).await {
                Ok(finding) => entry.findings.push(finding),
                Err(error) => {
                    let failure =
                        format!("{} of {}: {error}", scenario.name, entry.contestant.name);
                    eprintln!("{failure}");
                    if !matches!(entry.contestant.role, Role::Peer { .. }) {
                        failures.push(failure);
                    }
                    entry.failed = true;
                }
            }
        }
    }
    outcome
}
