//! A long job with a progress bar in a page, which can be cancelled.
//!
//! `progress [--port PORT]`: the page at `http://127.0.0.1:PORT/`, WAMP at
//! `ws://127.0.0.1:PORT/ws`.

mod handlers;
mod running;
mod sieve;

use std::io::IsTerminal as _;

use actix_web::http::header::ContentType;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer, Responder, get};
use tracing_subscriber::EnvFilter;
use wamp_actix::ServeWamp as _;

use running::Running;

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

    // A fault of a handler stops the program here, before the first client connects.
    wamp_actix::router()?;
    let running = Data::new(Running::default());
    let server = HttpServer::new(move || {
        App::new().app_data(running.clone()).service(wamp_actix::endpoint("/ws")).configure(page)
    })
    .wamp()
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

fn page(config: &mut ServiceConfig) {
    config.service((index, page_script, wamp_script));
}

#[get("/")]
async fn index() -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::html()).body(include_str!("../page/index.html"))
}

#[get("/page.js")]
async fn page_script() -> impl Responder {
    script(include_str!("../page/page.js"))
}

#[get("/wamp.js")]
async fn wamp_script() -> impl Responder {
    script(include_str!("../../wamp.js"))
}

fn script(source: &'static str) -> impl Responder {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(source)
}
