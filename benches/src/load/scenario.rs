//! The scenarios: their names, what each runs, and the bar from the performance requirements.

use std::time::Duration;

use crate::Result;
use crate::contestant::Contestant;
use crate::dialect::Dialect;
use crate::options::Options;
use crate::seating::{Seating, open_files};
use crate::server::Server;
use crate::tally::Sample;
use crate::{calls, fanout, sessions};

/// Sessions of the scenario `idle`, unless the limit on open files is lower.
const IDLE_SESSIONS: usize = 2000;
/// Files this program and its servers need besides the connections.
const OTHER_FILES: usize = 24;
/// With `wamp_actix::on_connect` a server has two for each.
const FILES_OF_A_CONNECTION: usize = 2;
/// The time a measurement may take beyond its own: connecting, warming up, draining.
const GRACE: Duration = Duration::from_secs(30);

/// One line of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    pub(crate) bar: Bar,
}

/// The work of the connections.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Calls { connections: usize, in_flight: usize, procedure: Procedure },
    FanOut { subscribers: usize },
    Connect,
    Idle,
}

/// The procedure that is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Procedure {
    /// `bench.add` with two integers.
    Add,
    /// `bench.echo` with an object that is so many bytes in JSON.
    Echo { bytes: usize },
}

/// The bound that a figure of the server under test must reach, and the one it should reach. In all
/// but `Ratio` less is better.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    /// The reference's CPU per unit ÷ ours.
    Ratio { must: f64, aim: f64 },
    /// CPU-seconds per 100 000 units.
    Cpu { must: f64, aim: f64 },
    /// KiB of resident memory per open session.
    Kib { must: f64, aim: f64 },
    /// Only shown.
    None,
}

/// The result of a measurement: CPU and latencies, or for `idle` the KiB for each session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Finding {
    Load(Sample),
    Kib(f64),
}

const fn calls(connections: usize, in_flight: usize, procedure: Procedure) -> Work {
    Work::Calls { connections, in_flight, procedure }
}

/// All scenarios, in the order of the report.
pub(crate) const ALL: [Scenario; 10] = [
    Scenario {
        name: "1x1",
        work: calls(1, 1, Procedure::Add),
        bar: Bar::Ratio { must: 0.90, aim: 0.97 },
    },
    Scenario {
        name: "64x1",
        work: calls(64, 1, Procedure::Add),
        bar: Bar::Ratio { must: 0.92, aim: 1.00 },
    },
    Scenario {
        name: "16x16",
        work: calls(16, 16, Procedure::Add),
        bar: Bar::Ratio { must: 0.65, aim: 0.80 },
    },
    Scenario {
        name: "64x32",
        work: calls(64, 32, Procedure::Add),
        bar: Bar::Ratio { must: 0.55, aim: 0.70 },
    },
    Scenario {
        name: "echo1k",
        work: calls(16, 16, Procedure::Echo { bytes: 1024 }),
        bar: Bar::Cpu { must: 0.6, aim: 0.3 },
    },
    Scenario {
        name: "echo64k",
        work: calls(16, 4, Procedure::Echo { bytes: 64 * 1024 }),
        bar: Bar::None,
    },
    Scenario {
        name: "fanout100",
        work: Work::FanOut { subscribers: 100 },
        bar: Bar::Cpu { must: 0.20, aim: 0.12 },
    },
    Scenario {
        name: "fanout1000",
        work: Work::FanOut { subscribers: 1000 },
        bar: Bar::Cpu { must: 0.10, aim: 0.07 },
    },
    Scenario { name: "connect", work: Work::Connect, bar: Bar::Cpu { must: 9.0, aim: 7.5 } },
    Scenario { name: "idle", work: Work::Idle, bar: Bar::Kib { must: 16.0, aim: 12.0 } },
];

impl Scenario {
    /// The scenario of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|scenario| scenario.name == name)
    }

    /// Returns whether `contestant` can run it: an echo server has no subscribers.
    pub(crate) fn applies_to(&self, contestant: &Contestant) -> bool {
        !matches!((self.work, contestant.dialect), (Work::FanOut { .. }, Dialect::Echo(_)))
    }

    /// Starts a fresh server, runs the scenario against it once, and stops it.
    pub(crate) async fn measure(
        &self,
        contestant: &Contestant,
        seating: &Seating,
        options: &Options,
    ) -> Result<Finding> {
        let seconds = options.seconds;
        let sockets = self.sockets(options.among)?;
        let server = Server::start(&contestant.command, seating)?;
        let measurement = async {
            let _others = sessions::open(&server, contestant.dialect, options.among).await?;
            match self.work {
                Work::Calls { connections, in_flight, procedure } => {
                    calls::measure(&server, contestant, connections, in_flight, procedure, seconds)
                        .await
                }
                Work::FanOut { subscribers } => {
                    fanout::measure(&server, contestant.dialect, subscribers, seconds).await
                }
                Work::Connect => sessions::connect(&server, contestant.dialect, seconds).await,
                Work::Idle => {
                    return sessions::idle(&server, contestant.dialect, sockets)
                        .await
                        .map(Finding::Kib);
                }
            }
            .map(Finding::Load)
        };
        let limit = GRACE + Duration::from_secs_f64(seconds);
        tokio::time::timeout(limit, measurement)
            .await
            .map_err(|_| format!("not done after {limit:?}"))?
    }

    /// How many connections it holds at a time, `others` not counted; raises the limit on open
    /// files if need be.
    fn sockets(&self, others: usize) -> Result<usize> {
        let wanted = match self.work {
            Work::Calls { connections, .. } => connections,
            Work::FanOut { subscribers } => subscribers + 1,
            Work::Connect => sessions::CONNECTING,
            Work::Idle => IDLE_SESSIONS,
        };
        let files = (wanted + others) * FILES_OF_A_CONNECTION + OTHER_FILES;
        let possible = open_files(files)?.saturating_sub(OTHER_FILES) / FILES_OF_A_CONNECTION;
        match possible.saturating_sub(others) {
            enough if enough >= wanted => Ok(wanted),
            fewer if fewer > 0 && matches!(self.work, Work::Idle) => Ok(fewer),
            _ => Err(format!(
                "it needs {} connections; the limit on open files allows {possible}",
                wanted + others
            )
            .into()),
        }
    }
}
