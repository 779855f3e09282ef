//! The application against which third-party clients and conformance suites are run.
//!
//! `testbed [--port PORT] [--workers N] [--limit-private-addresses] [--metrics] [--goodbye]`: at
//! `ws://127.0.0.1:PORT/ws`, and over `actix-ws` at `/ws2`, realm `realm1` for anonymous sessions,
//! `testbed.strict` for those with sequential request ids, `testbed.ticket`, `testbed.cra`,
//! `testbed.cryptosign`, `testbed.scram` for users who log in (see `realms`), and realm `router`,
//! in which clients call each other too. `http://127.0.0.1:PORT/call` is the bridge from HTTP to
//! `realm1`.

mod bench;
mod procedures;
mod realms;
mod second_host;
mod sleeps;
mod topics;

use std::io::IsTerminal as _;

use actix_web::{App, HttpServer, web::Data};
use tracing_subscriber::EnvFilter;
use wamp_actix::{Router, RouterBuilder, ServeWamp as _};

use sleeps::SleepLog;
use topics::Tickers;

struct Options {
    port: u16,
    workers: usize,
    limit_private_addresses: bool,
    /// True to count calls, events and sessions, for what that costs.
    metrics: bool,
    /// True to send GOODBYE to sessions at a shutdown, after which clients do not reconnect.
    goodbye: bool,
}

impl Options {
    fn parse() -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;
        let mut options = Self {
            port: 8080,
            workers: 2,
            limit_private_addresses: false,
            metrics: false,
            goodbye: false,
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => options.port = arguments.value()?.parse()?,
                Long("workers") => options.workers = arguments.value()?.parse()?,
                Long("limit-private-addresses") => options.limit_private_addresses = true,
                Long("metrics") => options.metrics = true,
                Long("goodbye") => options.goodbye = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(options)
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .init();
    let Options { port, workers, limit_private_addresses, metrics, goodbye } = Options::parse()?;

    let builder =
        Router::builder().limit_private_addresses(limit_private_addresses).metrics(metrics);
    let router = realms::all().into_iter().fold(builder, RouterBuilder::realm).build()?;
    let (log, tickers) = (Data::new(SleepLog::default()), Data::new(Tickers::default()));

    let server = HttpServer::new(move || {
        let endpoint = router.endpoint("/ws").goodbye_at_shutdown(goodbye);
        let bridge = router.http("/call").realm("realm1");
        App::new()
            .app_data(log.clone())
            .app_data(tickers.clone())
            .service(endpoint)
            .service(second_host::route("/ws2", &router, goodbye))
            .service(bridge)
    })
    .wamp()
    .workers(workers)
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on ws://{address}/ws");
    }
    server.run().await?;
    Ok(())
}
