//! The yardstick: an `actix-ws` echo server as its documentation writes one.
//!
//! `raw-echo [--port N] [--workers N]`: port 0 (the default) picks one; one worker unless told
//! otherwise.

use std::num::NonZero;

use actix_web::{App, HttpRequest, HttpServer, Responder, web};
use actix_ws::{Message, Session};

/// Of the longest message: room for 64 KiB of arguments in any serializer.
const MESSAGE_BYTES: usize = 128 * 1024;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let (port, workers) = options().unwrap_or_else(|error| {
        eprintln!("{error}; usage: raw-echo [--port N] [--workers N]");
        std::process::exit(2)
    });
    // Without `tcp_nodelay` a reply may wait for the acknowledgement of the one before it.
    let server = HttpServer::new(|| App::new().route("/ws", web::get().to(upgrade)))
        .tcp_nodelay(true)
        .workers(workers)
        .bind(("127.0.0.1", port))?;
    println!("listening on ws://{}/ws", server.addrs()[0]);
    server.run().await
}

/// The port and the number of workers the command line asks for.
fn options() -> Result<(u16, usize), lexopt::Error> {
    use lexopt::prelude::*;

    let (mut port, mut workers) = (0, NonZero::<usize>::MIN);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            Long("workers") => workers = arguments.value()?.parse()?,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok((port, workers.get()))
}

/// Accepts one connection and echoes in a task of its own.
async fn upgrade(request: HttpRequest, body: web::Payload) -> actix_web::Result<impl Responder> {
    let (response, mut session, messages) = actix_ws::handle(&request, body)?;
    let mut messages = messages.max_frame_size(MESSAGE_BYTES);
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            if echo(&mut session, message).await.is_err() {
                break;
            }
        }
        let _ = session.close(None).await;
    });
    Ok(response)
}

/// Sends a text or binary message back; an error ends the connection.
async fn echo(session: &mut Session, message: Message) -> Result<(), actix_ws::Closed> {
    match message {
        Message::Text(text) => session.text(text).await,
        Message::Binary(bytes) => session.binary(bytes).await,
        Message::Ping(bytes) => session.pong(&bytes).await,
        Message::Pong(_) | Message::Nop => Ok(()),
        Message::Close(_) | Message::Continuation(_) => Err(actix_ws::Closed),
    }
}
