//! A login form whose cookie identifies a WAMP session, and a page that shows the permissions of
//! each role.
//!
//! `login [--port PORT]`: the page at `http://127.0.0.1:PORT/`, WAMP at `ws://127.0.0.1:PORT/ws`.

mod accounts;
mod board;
mod handlers;
mod logins;
mod memory;
mod realm;
mod routes;

use std::io::IsTerminal as _;

use actix_web::{App, HttpServer, web::Data};
use tracing_subscriber::EnvFilter;
use wamp_actix::{Router, ServeWamp as _};

use board::Board;
use logins::Logins;

/// Returns the port of the command line.
fn port() -> Result<u16, lexopt::Error> {
    use lexopt::prelude::*;
    let mut port = 8080;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(port)
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
    let port = port()?;
    log_to_stderr();

    let (logins, board) = (Data::new(Logins::default()), Data::new(Board::default()));
    let router = Router::builder().realm(realm::site()).build()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(logins.clone())
            .app_data(board.clone())
            // The endpoint refuses pages of other origins, which could otherwise use the user's
            // cookie.
            .service(router.endpoint("/ws"))
            .configure(routes::configure)
    })
    .wamp()
    // More threads would only wait for the memory to verify a password: see `memory`.
    .worker_max_blocking_threads(memory::TURNS)
    // At SIGTERM the router closes its sessions once their calls are answered. There is nothing
    // else to wait for.
    .shutdown_timeout(1)
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}/");
    }
    server.run().await?;
    Ok(())
}
