//! A load generator for WAMP servers: what a call, a delivery and a session cost the server under test, measured
//! in turns with a raw `actix-ws` echo server.

mod calls;
mod client;
mod fanout;
mod report;
mod scenario;
mod server;
mod sessions;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use report::Outcome;
use scenario::{Scenario, Side};
use server::Program;

/// Any failure ends the run with its message.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
usage: load [SCENARIO…] [--seconds N] [--rounds N] [--workers N] [--server PATH]
  SCENARIO      1x1 64x1 16x16 64x32 echo1k fanout100 fanout1000 connect idle; all if none is named
  --seconds N   of measuring in each round, after half a second of warm-up (3)
  --rounds N    of each scenario, reference and server under test in turns; medians are shown (3)
  --workers N   of each server (1)
  --server PATH the server under test (the program `testbed` beside this one)";

/// What the command line asks for.
#[derive(Debug)]
struct Options {
    scenarios: Vec<Scenario>,
    seconds: f64,
    rounds: usize,
    workers: usize,
    server: Option<PathBuf>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self { scenarios: Vec::new(), seconds: 3.0, rounds: 3, workers: 1, server: None };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--seconds" => options.seconds = value()?.parse()?,
                "--rounds" => options.rounds = value()?.parse()?,
                "--workers" => options.workers = value()?.parse()?,
                "--server" => options.server = Some(value()?.into()),
                name => {
                    let scenario =
                        Scenario::named(name).ok_or_else(|| format!("no scenario or option {name}"))?;
                    options.scenarios.push(scenario);
                }
            }
        }
        if options.rounds == 0 || options.workers == 0 || !(0.1..=600.0).contains(&options.seconds) {
            return Err("rounds and workers are at least 1, seconds between 0.1 and 600".into());
        }
        if options.scenarios.is_empty() {
            options.scenarios = scenario::ALL.to_vec();
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match Options::parse(std::env::args().skip(1)) {
        Ok(options) => run(&options).map_or_else(|error| fail(&error.to_string(), 1), |()| ExitCode::SUCCESS),
        Err(error) => fail(&format!("{error}\n{USAGE}"), 2),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(code)
}

/// Runs everything on this one thread. A signal ends it like an error, so that servers are dropped, hence killed.
fn run(options: &Options) -> Result<()> {
    let cores = server::share_cores(options.workers);
    let program = |path| Program { path, workers: options.workers, cores: cores.servers.clone() };
    let reference = program(server::locate("raw-echo", None)?);
    let ours = program(server::locate("testbed", options.server.as_deref())?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        if cores.own_core {
            tokio::task::spawn_local(stay_awake());
        }
        tokio::select! {
            outcome = measure_all(options, &reference, &ours) => outcome,
            _ = interrupt.recv() => Err("interrupted".into()),
            _ = terminate.recv() => Err("terminated".into()),
        }
    })
}

/// Polls the sockets without a pause. A generator that sleeps between replies makes the server pay for waking its
/// core, on a virtual machine more than a call costs: at `1x1` 3.7 instead of 1.5 CPU-s/100k.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// All scenarios, whatever becomes of each; the report; then the failures.
async fn measure_all(options: &Options, reference: &Program, ours: &Program) -> Result<()> {
    eprintln!("reference: {}\nours:      {}", reference.path.display(), ours.path.display());
    let (mut outcomes, mut failures) = (Vec::new(), Vec::new());
    for &scenario in &options.scenarios {
        match measure_rounds(scenario, options, reference, ours).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => failures.push(error.to_string()),
        }
    }
    println!("{}", report::markdown(&outcomes).trim());
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// The rounds of one scenario: the reference, ours, the reference, ours.
async fn measure_rounds(
    scenario: Scenario,
    options: &Options,
    reference: &Program,
    ours: &Program,
) -> Result<Outcome> {
    let measure = async |side, program: &Program| {
        let failed = |error| format!("{} against {}: {error}", scenario.name, program.path.display());
        scenario.measure(side, program, options.seconds).await.map_err(failed)
    };
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("{}, round {round} of {}", scenario.name, options.rounds);
        let theirs = match scenario.applies_to(Side::Reference) {
            true => Some(measure(Side::Reference, reference).await?),
            false => None,
        };
        rounds.push((theirs, measure(Side::Ours, ours).await?));
    }
    Ok(Outcome { scenario, rounds })
}
