//! The command line.

use std::path::PathBuf;

use crate::Result;
use crate::scenario::{self, Scenario};
use crate::serializer::Serializer;

pub(crate) const USAGE: &str = "\
usage: load [SCENARIO…] [--serializer NAME] [--peers] [--seconds N] [--rounds N] [--workers N]
            [--beside] [--among N] [--server PATH] [--against PATH]
       load --attack [--seconds N] [--workers N] [--server PATH]
  SCENARIO          1x1 64x1 16x16 64x32 echo1k echo64k fanout100 fanout1000 connect idle;
                    all if none is named
  --serializer NAME json, msgpack, cbor or all (json)
  --peers           measures the peers that scripts/peers has built, too
  --seconds N       of measuring in each round, after half a second of warm-up (3)
  --rounds N        of each scenario, in which all servers have their turn; medians are shown (3)
  --workers N       of each server (1)
  --beside          the generator runs on the servers' cores, as it must with as many workers
                    as cores
  --among N         sessions that do nothing are open meanwhile (0)
  --server PATH     the server under test (the program `testbed` beside this one)
  --against PATH    another build of it has its turns after each of ours
  --attack          runs attacks in place of scenarios, and tells how long another session waits
                    meanwhile";

/// The options of the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) serializers: Vec<Serializer>,
    pub(crate) peers: bool,
    pub(crate) seconds: f64,
    pub(crate) rounds: usize,
    pub(crate) workers: usize,
    pub(crate) beside: bool,
    pub(crate) among: usize,
    pub(crate) server: Option<PathBuf>,
    pub(crate) against: Option<PathBuf>,
    pub(crate) attack: bool,
}

impl Options {
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Self> {
        use lexopt::prelude::*;

        let mut options = Self {
            scenarios: Vec::new(),
            serializers: vec![Serializer::Json],
            peers: false,
            seconds: 3.0,
            rounds: 3,
            workers: 1,
            beside: false,
            among: 0,
            server: None,
            against: None,
            attack: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(name) => {
                    let name = name.string()?;
                    let scenario =
                        Scenario::named(&name).ok_or_else(|| format!("no scenario {name}"))?;
                    options.scenarios.push(scenario);
                }
                Long("serializer") => {
                    options.serializers = serializers(&arguments.value()?.string()?)?;
                }
                Long("peers") => options.peers = true,
                Long("seconds") => options.seconds = arguments.value()?.parse()?,
                Long("rounds") => options.rounds = arguments.value()?.parse()?,
                Long("workers") => options.workers = arguments.value()?.parse()?,
                Long("beside") => options.beside = true,
                Long("among") => options.among = arguments.value()?.parse()?,
                Long("against") => options.against = Some(arguments.value()?.into()),
                Long("attack") => options.attack = true,
                Long("server") => options.server = Some(arguments.value()?.into()),
                _ => return Err(argument.unexpected().into()),
            }
        }
        if options.rounds == 0 || options.workers == 0 || !(0.1..=600.0).contains(&options.seconds)
        {
            return Err("rounds and workers are at least 1, seconds between 0.1 and 600".into());
        }
        if options.attack && !options.scenarios.is_empty() {
            return Err("--attack takes no scenario".into());
        }
        if options.scenarios.is_empty() {
            options.scenarios = scenario::ALL.to_vec();
        }
        Ok(options)
    }
}

fn serializers(name: &str) -> Result<Vec<Serializer>> {
    let named: Vec<_> = Serializer::ALL
        .into_iter()
        .filter(|serializer| name == "all" || serializer.name() == name)
        .collect();
    if named.is_empty() { Err(format!("no serializer {name}").into()) } else { Ok(named) }
}
