//! A service that can be looked into: metrics, probes, and a page of live plots.
//!
//! `observability [--port PORT] [--operations-port PORT]`: WAMP at `ws://127.0.0.1:PORT/ws`, and on
//! a second listener, which only this machine reaches, the page, `/metrics`, `/livez` and
//! `/readyz`.

mod handlers;
mod operations;

use std::io::IsTerminal as _;
use std::net::TcpListener;

use actix_web::{App, HttpServer, rt};
use tracing_subscriber::EnvFilter;
use wamp_actix::{Anonymous, Realm, Router, ServeWamp as _};

use handlers::{ORDERS, orders};
use operations::{Operations, origins};

/// The ports of the command line.
struct Ports {
    service: u16,
    operations: u16,
}

fn ports() -> Result<Ports, lexopt::Error> {
    use lexopt::prelude::*;
    let mut ports = Ports { service: 8080, operations: 8081 };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => ports.service = arguments.value()?.parse()?,
            Long("operations-port") => ports.operations = arguments.value()?.parse()?,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(ports)
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let ports = ports()?;
    log_to_stderr();

    let realm = Realm::new("shop").authenticate(Anonymous::new()).topic(ORDERS, orders());
    // Without `metrics(true)` nothing is counted.
    let router = Router::builder().metrics(true).realm(realm).build()?;

    let service = TcpListener::bind(("127.0.0.1", ports.service))?;
    let private = TcpListener::bind(("127.0.0.1", ports.operations))?;
    let (address, page) = (service.local_addr()?, private.local_addr()?);

    // One worker of its own, which answers while the others have work.
    let operations = Operations::new(&router, address);
    let looked_into = HttpServer::new(move || App::new().configure(|app| operations.serve(app)))
        .workers(1)
        .shutdown_signal(wamp_actix::stop_signal())
        .listen(private)?;
    rt::spawn(looked_into.run());

    // The page is of another origin than the service.
    let allowed = origins(page);
    let server = HttpServer::new(move || {
        App::new().service(router.endpoint("/ws").origins(allowed.clone()))
    })
    .wamp()
    .shutdown_timeout(1)
    .listen(service)?;
    println!("operations on http://{page}/");
    println!("listening on ws://{address}/ws");
    server.run().await?;
    Ok(())
}
